namespace Morag.Failover.Contracts.Fleet;

/// <summary>A node in a tree of actors.</summary>
[ProtoContract]
public sealed record ActorNode
{
    /// <summary>The name of the actor, region, shard or entity.</summary>
    [ProtoMember(1)] public required string Name { get; init; }

    /// <summary>The number of entities below it; null for an entity, and in a tree of all actors.</summary>
    [ProtoMember(2)] public int? Entities { get; init; }

    /// <summary>Why what is below it is incomplete; null if it is complete.</summary>
    [ProtoMember(3)] public string? Problem { get; init; }

    /// <summary>The messages that wait in its mailbox; null if unknown.</summary>
    [ProtoMember(4)] public int? Mailbox { get; init; }

    /// <summary>The messages that it holds back until it can handle them; null if unknown.</summary>
    [ProtoMember(5)] public int? Stash { get; init; }

    /// <summary>The number of actors below it; null in a tree of entities.</summary>
    [ProtoMember(6)] public int? Actors { get; init; }

    /// <summary>The messages that wait in all mailboxes below it; null in a tree of entities.</summary>
    [ProtoMember(7)] public int? MailboxesBelow { get; init; }

    /// <summary>The number of nodes directly below it that are left out; null if none are.</summary>
    [ProtoMember(8)] public int? More { get; init; }

    /// <summary>The nodes below it.</summary>
    [ProtoMember(9)] public ImmutableArray<ActorNode> Children { get; init; } = [];
}
