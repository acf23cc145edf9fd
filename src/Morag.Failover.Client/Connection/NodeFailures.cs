using System.Globalization;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Connection;

/// <summary>One address at which a call failed, and why.</summary>
internal sealed record FailedAttempt(Uri Node, Exception Cause)
{
    public override string ToString() => $"{Node.GetLeftPart(UriPartial.Authority)} ({Reason(Cause)})";

    private static string Reason(Exception cause) => cause switch
    {
        NodeRefused refused => Reason(refused.Problem),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } =>
            $"its answer is too large: a node sends at most {CallLimits.MaxAnswerBytes:N0} bytes",
        { InnerException: { } inner } => Reason(inner),
        _ => cause.Message,
    };

    private static string Reason(NodeProblem problem)
    {
        var (status, text) = (((int)problem.Status).ToString(CultureInfo.InvariantCulture), problem.ToString());
        return text.Contains(status, StringComparison.Ordinal) ? text : $"{status}: {text}";
    }
}

/// <summary>No response arrived. A node may or may not have processed the call.</summary>
internal sealed class NodeUnreachable(IReadOnlyList<FailedAttempt> attempts, Exception cause)
    : Exception($"no node answers at {string.Join(", ", attempts.Select(attempt => attempt.ToString()).Distinct())}", cause)
{
    public NodeUnreachable(Uri node, Exception cause)
        : this([new(node, cause)], cause)
    {
    }

    /// <summary>The addresses that the call has tried, each with what went wrong.</summary>
    public IReadOnlyList<FailedAttempt> Attempts => attempts;

    /// <summary>Whether the node certainly did not process the call, because there was no connection.</summary>
    public bool NothingSent { get; init; }

    /// <summary>Whether the node is dead, frozen or cut off, so that its other calls get no answer either.</summary>
    public bool IsDead { get; init; }

    /// <summary>
    /// Whether the call timed out, as it does when a node is frozen or cut off. Others may be, too. A node that has ended refuses
    /// connections at once.
    /// </summary>
    public bool TookLong => InnerException is TimeoutException or { InnerException: TimeoutException };

    /// <summary>Whether the node may be alive, and the answer late for another reason.</summary>
    public bool IsLate { get; init; }
}

/// <summary>The node answered with an error.</summary>
internal sealed class NodeRefused(NodeProblem problem) : Exception(problem.ToString())
{
    public NodeProblem Problem { get; } = problem;

    /// <summary>The addresses that the call has tried, the one with this answer last.</summary>
    public IReadOnlyList<FailedAttempt> Attempts { get; set; } = [];

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
