using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Domain.Owners;

/// <summary>Asks a node for its actors. Reply: <see cref="ActorTree"/>.</summary>
[ProtoContract(Name = "get-actor-tree")]
public sealed record GetActorTree : IWireMessage
{
    /// <summary>The path of the actor at the top, such as <c>/user</c>; null for the root.</summary>
    [ProtoMember(1)] public string? Under { get; init; }
}

/// <summary>The actors of a node.</summary>
[ProtoContract(Name = "actor-tree")]
public sealed record ActorTree : IWireMessage
{
    /// <summary>The most actors in one reply.</summary>
    public const int MaxActors = 5000;

    /// <summary>The most bytes of an actor's name in a reply. The rest is cut off.</summary>
    public const int MaxNameBytes = 256;

    /// <summary>The actor at the top; null if the node has no actor at the path.</summary>
    [ProtoMember(1)] public ActorNode? Root { get; init; }
}

/// <summary>Asks a node for entities that run on it, ordered by region, shard and id. Reply: <see cref="ShardEntities"/>.</summary>
[ProtoContract(Name = "list-shard-entities")]
public sealed record ListShardEntities : IWireMessage
{
    /// <summary>The region, such as <c>worker</c>; null for all.</summary>
    [ProtoMember(1)] public string? Region { get; init; }

    /// <summary>The shard; null for all.</summary>
    [ProtoMember(2)] public string? Shard { get; init; }

    /// <summary>Lists only entities after this one; null for the first.</summary>
    [ProtoMember(3)] public ShardEntity? After { get; init; }

    /// <summary>The most entities, 1 to 1,000.</summary>
    [ProtoMember(4)] public int Limit { get; init; } = 100;
}

/// <summary>Entities that run on a node.</summary>
[ProtoContract(Name = "shard-entities")]
public sealed record ShardEntities : IWireMessage
{
    /// <summary>The entities, in order.</summary>
    [ProtoMember(1)] public ImmutableArray<ShardEntity> Entities { get; init; } = [];

    /// <summary>Whether more follow.</summary>
    [ProtoMember(2)] public bool HasMore { get; init; }

    /// <summary>The regions and shards that did not answer.</summary>
    [ProtoMember(3)] public ImmutableArray<string> Silent { get; init; } = [];
}

/// <summary>An entity and its place.</summary>
[ProtoContract]
public sealed record ShardEntity
{
    /// <summary>Its region, such as <c>worker</c>.</summary>
    [ProtoMember(1)] public required string Region { get; init; }

    /// <summary>Its shard.</summary>
    [ProtoMember(2)] public required string Shard { get; init; }

    /// <summary>Its id.</summary>
    [ProtoMember(3)] public required string Entity { get; init; }
}

/// <summary>Asks the node that places the shards of a region to move some. Reply: <see cref="Done"/>.</summary>
[ProtoContract(Name = "move-shards")]
public sealed record MoveShards : IWireMessage
{
    /// <summary>The most shards of a call.</summary>
    public const int MaxShards = 1000;

    /// <summary>The region, such as <c>worker</c>.</summary>
    [ProtoMember(1)] public required string Region { get; init; }

    /// <summary>The shards, with the nodes to which they move.</summary>
    [ProtoMember(2)] public ImmutableArray<ShardMove> Moves { get; init; } = [];
}

/// <summary>A shard that is to move.</summary>
[ProtoContract]
public sealed record ShardMove
{
    /// <summary>The shard.</summary>
    [ProtoMember(1)] public required string Shard { get; init; }

    /// <summary>The node on which it runs, as host and port.</summary>
    [ProtoMember(2)] public required string From { get; init; }

    /// <summary>The node to which it moves, as host and port.</summary>
    [ProtoMember(3)] public required string To { get; init; }
}
