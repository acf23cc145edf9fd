namespace Morag.Failover.Contracts.Fleet;

/// <summary>The shards of a region on one node, or on all nodes together.</summary>
public sealed record ShardPlaces
{
    /// <summary>The region, such as <c>worker</c>.</summary>
    public required string Region { get; init; }

    /// <summary>The node, as host and port; null for all nodes together.</summary>
    public string? Node { get; init; }

    /// <summary>The number of nodes that have shards of it; null for one node.</summary>
    public int? Nodes { get; init; }

    /// <summary>The number of shards that run.</summary>
    public int Shards { get; init; }

    /// <summary>The number of entities that run in them.</summary>
    public int Entities { get; init; }

    /// <summary>Why the numbers are incomplete; null if they are complete.</summary>
    public string? Problem { get; init; }
}

/// <summary>An entity and the node on which it runs.</summary>
public sealed record PlacedEntity
{
    /// <summary>Its region, such as <c>worker</c>.</summary>
    public required string Region { get; init; }

    /// <summary>Its shard.</summary>
    public required string Shard { get; init; }

    /// <summary>The node, as host and port.</summary>
    public required string Node { get; init; }

    /// <summary>Its id.</summary>
    public required string Entity { get; init; }
}

/// <summary>The shards that an operator moves.</summary>
public sealed record ShardsMoved
{
    /// <summary>The region.</summary>
    public required string Region { get; init; }

    /// <summary>The moves, each as <c>shard 3: 10.0.0.1:4053 to 10.0.0.2:4053</c>.</summary>
    public ImmutableArray<string> Moves { get; init; } = [];

    /// <summary>What happens next, in a sentence.</summary>
    public required string Next { get; init; }

    /// <summary>Whether nothing was changed, because the call asked only what it would do.</summary>
    public bool DryRun { get; init; }
}
