using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Owners;
using Morag.Failover.Node.Http.Streams;
using Morag.Failover.Node.Logging;

namespace Morag.Failover.Node.Http.Log;

/// <summary>
/// Reads the log of a node piece by piece. It survives a restart of that node: a new process at the same address has another run, of which
/// it gets all that is kept.
/// </summary>
/// <param name="ask">Asks the node; null if it does not answer in time.</param>
/// <param name="first">The first question.</param>
internal sealed class NodeLogReader(Func<GetNodeLog, Task<NodeLogPage?>> ask, GetNodeLog first)
{
    private GetNodeLog next = first;
    private bool silent;

    /// <summary>Whether the node had more entries than fit into its answer.</summary>
    public bool HasMore { get; private set; }

    /// <summary>The entries since the last call, and a notice if some are missing or the node does not answer.</summary>
    public async Task<IReadOnlyList<ServerSentEvent>> NextAsync()
    {
        if (await ask(next) is not { } page)
        {
            var wasSilent = silent;
            (silent, HasMore) = (true, false);
            return wasSilent ? [] : [Notice("The node does not answer. Its log continues here when it does")];
        }

        (silent, HasMore) = (false, page.Lines.Length == NodeLogPage.MaxLines);
        var lines = page.Lines.Select(line =>
            ServerSentEvent.Of("line", line) with { Id = FormattableString.Invariant($"{page.Run}-{line.Number}") });
        var restarted = next.Run != 0 && next.Run != page.Run;
        next = next with { Run = page.Run, After = page.Last, Last = NodeLogPage.MaxLines };
        List<ServerSentEvent> notices = [];
        if (restarted)
        {
            notices.Add(Notice("The node has started again"));
        }

        if (page.Missed > 0)
        {
            notices.Add(Notice(
                $"{Counted.Of(page.Missed, "log line")} of any level {(page.Missed == 1 ? "is" : "are")} missing here: the node keeps its "
                + $"last {Counted.Of(NodeLogFeed.MaxKept, "line")}, and these were logged faster than they were read"));
        }

        return [.. notices, .. lines];
    }

    private static ServerSentEvent Notice(string text) => ServerSentEvent.Of("notice", new NodeLogNotice { Text = text });
}

/// <summary>A notice between the entries of a log.</summary>
internal sealed record NodeLogNotice
{
    /// <summary>The text.</summary>
    public required string Text { get; init; }
}
