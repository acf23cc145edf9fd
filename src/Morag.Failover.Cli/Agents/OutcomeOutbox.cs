using System.Collections.Immutable;
using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>An outcome that waits to be delivered, by its place in the order.</summary>
internal sealed record WaitingOutcome(long Number, TaskOutcome Outcome, int Bytes);

/// <summary>
/// The outcomes that the node has not taken yet, in their order, also in a file: an agent that is killed and started again
/// with the same id still delivers what its last run had finished. While the file cannot be written, they are kept in memory, and
/// the file catches up later. Any thread may add; one delivers.
/// </summary>
internal sealed class OutcomeOutbox : IDisposable
{
    // A file with more than this, most of it delivered, is written afresh: an agent that is never idle must not fill its disk.
    private const long CompactAbove = 4 * 1024 * 1024;
    private const int CompactFactor = 4;

    private readonly Lock changing = new();
    private readonly SortedDictionary<long, WaitingOutcome> waiting = [];
    private readonly SemaphoreSlim added = new(0);
    private readonly ISpoolFile file;
    private readonly AgentLog log;
    private readonly ProblemLog disk;
    private long lastNumber;
    private long waitingBytes;
    private bool behind;

    private OutcomeOutbox(ISpoolFile file, AgentLog log)
    {
        this.file = file;
        this.log = log;
        disk = new ProblemLog(log);
    }

    public bool IsEmpty
    {
        get
        {
            lock (changing)
            {
                return waiting.Count == 0;
            }
        }
    }

    /// <summary>Opens the spool, with what an earlier run left in it.</summary>
    public static OutcomeOutbox Open(ISpoolFile file, AgentLog log)
    {
        var outbox = new OutcomeOutbox(file, log);
        outbox.Load();
        return outbox;
    }

    /// <summary>Keeps an outcome until it is delivered. Does not throw.</summary>
    public void Add(TaskOutcome outcome)
    {
        lock (changing)
        {
            var number = ++lastNumber;
            var line = Line(new SpoolLine { Number = number, Outcome = outcome });
            waiting.Add(number, new WaitingOutcome(number, outcome, line.Length));
            waitingBytes += line.Length;
            Append(line);
        }

        _ = added.Release();
    }

    /// <summary>The oldest outcomes: at least one where there is any, and no more than fit into one call.</summary>
    public ImmutableArray<WaitingOutcome> Oldest(int maxCount, int maxBytes)
    {
        lock (changing)
        {
            return waiting.Values.FirstPage(maxCount, outcome => outcome.Bytes, maxBytes).Entries;
        }
    }

    /// <summary>The node has answered for these. Does not throw.</summary>
    public void Remove(IReadOnlyCollection<long> numbers)
    {
        lock (changing)
        {
            foreach (var number in numbers)
            {
                if (waiting.Remove(number, out var removed))
                {
                    waitingBytes -= removed.Bytes;
                }
            }

            if (waiting.Count == 0 || file.Length > CompactAbove + (CompactFactor * waitingBytes))
            {
                Rewrite();
            }
            else if (numbers.Count > 0)
            {
                Append(Line(new SpoolLine { Delivered = [.. numbers] }));
            }
        }
    }

    /// <summary>Tries to write what the file does not have yet. Does not throw.</summary>
    public void RetryWrite()
    {
        lock (changing)
        {
            if (behind)
            {
                Rewrite();
            }
        }
    }

    /// <summary>Waits until something was added since the last call.</summary>
    public async Task WaitForOutcomeAsync(CancellationToken cancellation)
    {
        await added.WaitAsync(cancellation);
        while (added.Wait(0, CancellationToken.None))
        {
            // Everything that was added until now is seen at once.
        }
    }

    public void Dispose()
    {
        file.Dispose();
        added.Dispose();
    }

    private static byte[] Line(SpoolLine line) => [.. JsonSerializer.SerializeToUtf8Bytes(line, ContractsJson.Options), (byte)'\n'];

    private void Append(byte[] line)
    {
        if (behind)
        {
            Rewrite();
            return;
        }

        TryWrite(() => file.Append(line));
    }

    private void Rewrite() => TryWrite(() => file.Replace(
        waiting.Values.Select(outcome => Line(new SpoolLine { Number = outcome.Number, Outcome = outcome.Outcome }))));

    private void TryWrite(Action write)
    {
        try
        {
            write();
            behind = false;
            if (waiting.Count > 0)
            {
                // To write nothing works on a full disk, too.
                disk.Resolve("outcomes are kept in the work folder again");
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            behind = true;
            disk.Report(
                "outcomes are kept in memory only, and are lost if this agent is killed: "
                + $"the work folder cannot be written: {failure.Message}",
                kind: "disk");
        }
    }

    private void Load()
    {
        var read = 0;
        foreach (var text in file.ReadLines())
        {
            read++;
            if (Parse(text) is not { } line)
            {
                log.Write(
                    $"line {read} of the outcomes that the last run left cannot be read: this outcome is lost, and its task will run again");
                continue;
            }

            if (line.Outcome is { } outcome)
            {
                waiting[line.Number] = new WaitingOutcome(line.Number, outcome, text.Length + 1);
                lastNumber = Math.Max(lastNumber, line.Number);
            }

            foreach (var number in line.Delivered.IsDefault ? [] : line.Delivered)
            {
                _ = waiting.Remove(number);
            }
        }

        waitingBytes = waiting.Values.Sum(outcome => (long)outcome.Bytes);
        if (read > 0)
        {
            Rewrite();
        }

        if (waiting.Count > 0)
        {
            _ = added.Release();
        }
    }

    private static SpoolLine? Parse(byte[] text)
    {
        try
        {
            return JsonSerializer.Deserialize<SpoolLine>(text, ContractsJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record SpoolLine
    {
        public long Number { get; init; }

        public TaskOutcome? Outcome { get; init; }

        public ImmutableArray<long> Delivered { get; init; } = [];
    }
}
