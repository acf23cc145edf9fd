namespace Morag.Failover.Contracts.Fleet;

/// <summary>
/// An owner that fails: a queue partition, coordinator, directory bucket, or the entity of a worker. Calls that need it get 503 until it
/// recovers; all other owners work. The alert ends when the owner has recovered.
/// </summary>
[ProtoContract]
public sealed record OwnerAlert
{
    /// <summary>The owner, such as <c>queue-0</c>, <c>coordinator-3</c>, <c>directory-1</c> or <c>worker-gpu-1</c>.</summary>
    [ProtoMember(1)] public required string Owner { get; init; }

    /// <summary>Why it does not serve.</summary>
    [ProtoMember(2)] public required string Reason { get; init; }

    /// <summary>When the first of the failures in a row happened.</summary>
    [ProtoMember(3)] public required DateTimeOffset Since { get; init; }

    /// <summary>The number of failures in a row; 0 if no node knows more than that the owner does not answer.</summary>
    [ProtoMember(4)] public int Failures { get; init; }

    /// <summary>The node that it runs on, as host and port; null if that is unknown.</summary>
    [ProtoMember(5)] public string? Node { get; init; }
}
