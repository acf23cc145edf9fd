using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Dashboard.Pages;

/// <summary>The nodes, and what runs on the one that serves the page.</summary>
public sealed record ClusterModel
{
    /// <summary>The nodes, this one first.</summary>
    public required ImmutableArray<ClusterNode> Nodes { get; init; }

    /// <summary>The owners that fail.</summary>
    public required ImmutableArray<OwnerAlert> Alerts { get; init; }

    /// <summary>How many shards and entities of each kind this node runs.</summary>
    public required IReadOnlyList<HostedRegion> Regions { get; init; }

    /// <summary>The version of this node.</summary>
    public required string Version { get; init; }
}

/// <summary>What a node runs of one kind of owner.</summary>
/// <param name="Name">The kind.</param>
/// <param name="Shards">The number of shards.</param>
/// <param name="Entities">The number of entities in them.</param>
/// <param name="Problem">Why the numbers are incomplete; null if they are not.</param>
public sealed record HostedRegion(string Name, int Shards, int Entities, string? Problem);
