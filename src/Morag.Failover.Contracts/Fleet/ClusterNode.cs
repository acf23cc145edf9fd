namespace Morag.Failover.Contracts.Fleet;

/// <summary>A node of the cluster, as the node that lists it sees it.</summary>
public sealed record ClusterNode
{
    /// <summary>The address at which nodes reach each other, such as <c>akka.tcp://morag@10.0.0.1:4053</c>.</summary>
    public required string Node { get; init; }

    /// <summary>
    /// The URL of its HTTP API, such as <c>http://10.0.0.1:8080</c>; null if it announces none (<c>morag.advertise</c>) or has not
    /// announced it yet.
    /// </summary>
    public string? Address { get; init; }

    /// <summary>
    /// Its state in the cluster: <c>joining</c>, <c>weakly_up</c>, <c>up</c>, <c>leaving</c>, <c>exiting</c> or <c>down</c>.
    /// </summary>
    public required string Status { get; init; }

    /// <summary>Whether every other node gets heartbeats from it, as far as the listing node knows.</summary>
    public required bool Reachable { get; init; }

    /// <summary>Whether it is the node that answers.</summary>
    public bool Self { get; init; }

    /// <summary>
    /// Whether it is the oldest node of those that hold owners. It places the shards, and its loss delays their placement.
    /// </summary>
    public bool Oldest { get; init; }

    /// <summary>Whether it is the leader, which lets nodes join and removes those that have left.</summary>
    public bool Leader { get; init; }

    /// <summary>Its roles, without the internal ones.</summary>
    public ImmutableArray<string> Roles { get; init; } = [];
}
