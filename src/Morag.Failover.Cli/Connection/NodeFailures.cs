namespace Morag.Failover.Cli.Connection;

/// <summary>No response arrived. A node may or may not have processed the call.</summary>
internal sealed class NodeUnreachable(IEnumerable<Uri> nodes, Exception cause)
    : Exception($"no node answers at {string.Join(", ", nodes.Select(Authority).Distinct())} ({Innermost(cause).Message})", cause)
{
    public NodeUnreachable(Uri node, Exception cause)
        : this([node], cause)
    {
    }

    /// <summary>Whether the node certainly did not process the call, because there was no connection.</summary>
    public bool NothingSent { get; init; }

    /// <summary>Whether the node may be alive, and the answer late for another reason.</summary>
    public bool IsLate { get; init; }

    private static string Authority(Uri node) => node.GetLeftPart(UriPartial.Authority);

    private static Exception Innermost(Exception failure) => failure.InnerException is { } inner ? Innermost(inner) : failure;
}

/// <summary>The node answered with an error.</summary>
internal sealed class NodeRefused(NodeProblem problem) : Exception(problem.ToString())
{
    public NodeProblem Problem { get; } = problem;
}
