namespace Morag.Failover.Cli.Connection;

/// <summary>No answer came: whether the node carried the call out is not known.</summary>
internal sealed class NodeUnreachable(Uri node, Exception cause)
    : Exception($"no node answers at {node.GetLeftPart(UriPartial.Authority)} ({Innermost(cause).Message})", cause)
{
    private static Exception Innermost(Exception failure) => failure.InnerException is { } inner ? Innermost(inner) : failure;
}

/// <summary>The node answered that it did not carry the call out, or that it does not know.</summary>
internal sealed class NodeRefused(NodeProblem problem) : Exception(problem.ToString())
{
    public NodeProblem Problem { get; } = problem;
}
