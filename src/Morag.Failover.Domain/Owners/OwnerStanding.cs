namespace Morag.Failover.Domain.Owners;

/// <summary>
/// Asks a queue partition, coordinator or directory bucket whether it serves. Starts an owner that does not run. Reply:
/// <see cref="OwnerStanding"/>, at once, even if the owner is recovering or down.
/// </summary>
[ProtoContract(Name = "get-owner-standing")]
public sealed record GetOwnerStanding : IPartitionMessage, IBucketMessage
{
    /// <summary>The number of the partition or bucket, from 0.</summary>
    [ProtoMember(1)] public required int Number { get; init; }

    /// <inheritdoc />
    int IPartitionMessage.Partition => Number;

    /// <inheritdoc />
    int IBucketMessage.Bucket => Number;
}

/// <summary>Whether an owner serves, and if not, why.</summary>
[ProtoContract(Name = "owner-standing")]
public sealed record OwnerStanding : IWireMessage
{
    /// <summary>The owner, by its persistence id, such as <c>queue-0</c>.</summary>
    [ProtoMember(1)] public required string Owner { get; init; }

    /// <summary>Why it does not serve; null if it serves.</summary>
    [ProtoMember(2)] public string? Down { get; init; }

    /// <summary>The time until it restarts; null if it serves or is recovering.</summary>
    [ProtoMember(3)] public TimeSpan? RetryIn { get; init; }
}
