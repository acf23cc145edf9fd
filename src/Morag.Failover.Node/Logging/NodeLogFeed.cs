using System.Collections.Immutable;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Owners;

namespace Morag.Failover.Node.Logging;

/// <summary>Keeps the newest entries of this node's log, for operators who follow it. Thread-safe.</summary>
internal sealed class NodeLogFeed(TimeProvider clock)
{
    /// <summary>The most entries that are kept.</summary>
    public const int MaxKept = 2000;

    private readonly Lock changing = new();
    private readonly NodeLogLine[] kept = new NodeLogLine[MaxKept];
    private readonly long run = Math.Max(1, clock.GetUtcNow().UtcTicks);
    private long last;

    /// <summary>Adds an entry.</summary>
    public void Add(LogSeverity level, string source, string text, Exception? exception)
    {
        var full = exception is null ? text : $"{text}: {exception}";
        var at = clock.GetUtcNow();
        var (shortSource, shortText) = (
            TextBytes.First(source, NodeLogLine.MaxSourceBytes), TextBytes.First(full, NodeLogLine.MaxTextBytes));
        lock (changing)
        {
            last++;
            kept[last % MaxKept] = new NodeLogLine
            {
                Number = last,
                At = at,
                Level = level,
                Source = shortSource,
                Text = shortText,
            };
        }
    }

    /// <summary>The entries that a caller does not have yet.</summary>
    public NodeLogPage Read(GetNodeLog request)
    {
        lock (changing)
        {
            var oldest = Math.Max(0, last - MaxKept);
            var known = request.Run == run;
            var from = known ? Math.Clamp(request.After, oldest, last) : oldest;
            var found = Enumerable.Range(1, (int)(last - from))
                .Select(offset => kept[(from + offset) % MaxKept])
                .Where(line => line.Level >= request.Least)
                .ToList();
            found = known || request.Run != 0 ? found : [.. found.TakeLast(request.Last)];
            var page = found.Take(NodeLogPage.MaxLines).ToImmutableArray();
            return new NodeLogPage
            {
                Run = run,
                Lines = page,
                Last = page.Length < found.Count ? page[^1].Number : last,
                Missed = known ? Math.Max(0, oldest - Math.Max(0, request.After))

                    // The caller followed the run before, and wants all of this one.
                    : request.Run != 0 ? oldest : 0,
            };
        }
    }
}
