namespace Morag.Failover.Cli.Connection;

/// <summary>No response arrived. The node may or may not have processed the call.</summary>
internal sealed class NodeUnreachable(Uri node, Exception cause)
    : Exception($"no node answers at {node.GetLeftPart(UriPartial.Authority)} ({Innermost(cause).Message})", cause)
{
    private static Exception Innermost(Exception failure) => failure.InnerException is { } inner ? Innermost(inner) : failure;
}

/// <summary>The node answered with an error.</summary>
internal sealed class NodeRefused(NodeProblem problem) : Exception(problem.ToString())
{
    public NodeProblem Problem { get; } = problem;
}
