namespace Morag.Failover.Client.Connection;

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

    /// <summary>Whether the node is dead, frozen or cut off, so that its other calls get no answer either.</summary>
    public bool IsDead { get; init; }

    /// <summary>Whether the node may be alive, and the answer late for another reason.</summary>
    public bool IsLate { get; init; }

    private static string Authority(Uri node) => node.GetLeftPart(UriPartial.Authority);

    private static Exception Innermost(Exception failure) => failure.InnerException is { } inner ? Innermost(inner) : failure;
}

/// <summary>The node answered with an error.</summary>
internal sealed class NodeRefused(NodeProblem problem) : Exception(problem.ToString())
{
    public NodeProblem Problem { get; } = problem;

    /// <summary>Whether another node, which was asked before, may have processed the call.</summary>
    public bool EarlierMayHaveHappened { get; set; }
}

/// <summary>The call was not made, because a proxy could read its token.</summary>
internal sealed class TokenExposed(Uri proxy, Uri node) : Exception(
    $"nothing was sent, because the proxy {proxy.GetLeftPart(UriPartial.Authority)} could read the token for "
    + $"{node.GetLeftPart(UriPartial.Authority)}. Use an https address, or add {node.Host} to no_proxy")
{
    /// <summary>Whether another node, which was asked before, may have processed the call.</summary>
    public bool EarlierMayHaveHappened { get; set; }
}

/// <summary>The call was not made, because its token could not be read.</summary>
internal sealed class TokenUnavailable(Exception cause)
    : Exception($"nothing was sent, because the token cannot be read: {cause.Message}", cause)
{
    /// <summary>Whether another node, which was asked before, may have processed the call.</summary>
    public bool EarlierMayHaveHappened { get; init; }
}
