using Akka.Actor;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Domain.Owners;
using Morag.Failover.Node.Http.Streams;
using Morag.Failover.Node.Inspection;

namespace Morag.Failover.Node.Http.Log;

/// <summary>
/// Reads the log of a node piece by piece. It survives a restart of that node: a new process at the same address has another run, of which
/// it gets all that is kept.
/// </summary>
internal sealed class NodeLogReader(NodeInspectors nodes, Address node, GetNodeLog first)
{
    private GetNodeLog next = first;
    private bool silent;

    /// <summary>The entries since the last call, and a notice if some are missing or the node does not answer.</summary>
    public async Task<IReadOnlyList<ServerSentEvent>> NextAsync(CancellationToken cancellation)
    {
        if (await nodes.AskAsync<NodeLogPage>(node, next, cancellation) is not { } page)
        {
            var wasSilent = silent;
            silent = true;
            return wasSilent ? [] : [Notice("The node does not answer. Its log continues here when it does")];
        }

        silent = false;
        var lines = page.Lines.Select(line =>
            ServerSentEvent.Of("line", line) with { Id = FormattableString.Invariant($"{page.Run}-{line.Number}") });
        var restarted = next.Run != 0 && next.Run != page.Run;
        next = next with { Run = page.Run, After = page.Last, Last = NodeLogPage.MaxLines };
        return page.Missed > 0
            ? [Notice(FormattableString.Invariant($"{page.Missed} entries are no longer kept and missing here")), .. lines]
            : restarted ? [Notice("The node has started again"), .. lines]
            : [.. lines];
    }

    private static ServerSentEvent Notice(string text) => ServerSentEvent.Of("notice", new NodeLogNotice { Text = text });
}

/// <summary>A notice between the entries of a log.</summary>
internal sealed record NodeLogNotice
{
    /// <summary>The text.</summary>
    public required string Text { get; init; }
}
