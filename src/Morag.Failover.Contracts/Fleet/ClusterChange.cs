namespace Morag.Failover.Contracts.Fleet;

/// <summary>The names of the events in the stream of the cluster's changes.</summary>
public static class ClusterChangeNames
{
    /// <summary>A node is a member in another state.</summary>
    public const string Member = "member";

    /// <summary>A node can be reached, or no longer.</summary>
    public const string Reachability = "reachability";

    /// <summary>Another node is the leader.</summary>
    public const string Leader = "leader";
}

/// <summary>A change of the cluster, as the node that reports it sees it.</summary>
public sealed record ClusterChange
{
    /// <summary>When the node noticed it.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The node that it is about, as host and port.</summary>
    public required string Node { get; init; }

    /// <summary>
    /// What it is now: a state such as <c>up</c> or <c>removed</c>, <c>reachable</c> or <c>unreachable</c>, or <c>leader</c>.
    /// </summary>
    public required string What { get; init; }
}
