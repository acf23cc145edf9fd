namespace Morag.Failover.Domain.Queues;

/// <summary>How a worker's leases end all at once.</summary>
public enum FenceKind
{
    /// <summary>The instance was lost and may come back: a lease is protected for its share of silence before it ends.</summary>
    Lost,

    /// <summary>The loss is proven (a new instance, an operator's word): every lease ends now.</summary>
    Proven,

    /// <summary>Given back without blame: it unregistered, or its drain's deadline passed.</summary>
    Returned,

    /// <summary>A lost instance came back: leases that have not ended stay with it.</summary>
    Lifted,
}

/// <summary>
/// A worker's entity fences an instance of its worker at one partition; numbered, and owed until <see cref="FenceTaken"/> answers it.
/// </summary>
[ProtoContract(Name = "fence-instance")]
public sealed record FenceInstance : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The fence's number for this worker: only grows; an older one than the last taken changes nothing.</summary>
    [ProtoMember(3)] public required long Number { get; init; }

    /// <summary>What it does.</summary>
    [ProtoMember(4)] public required FenceKind Kind { get; init; }

    /// <summary>The instance whose leases are meant; null means those of every instance.</summary>
    [ProtoMember(5)] public InstanceId? InstanceId { get; init; }

    /// <summary>The loss, for the kinds that are one.</summary>
    [ProtoMember(6)] public LossId? LossId { get; init; }

    /// <summary>How long nothing has been heard of it: a duration, since the sender's clock may not be the receiver's.</summary>
    [ProtoMember(10)] public TimeSpan SilentFor { get; init; }

    /// <summary>Whether the loss was planned (draining): it is no sign against the task or the worker.</summary>
    [ProtoMember(8)] public bool Planned { get; init; }

    /// <summary>Why, in words.</summary>
    [ProtoMember(9)] public string Reason { get; init; } = "";
}

/// <summary>The partition took a fence, durably.</summary>
[ProtoContract(Name = "fence-taken")]
public sealed record FenceTaken : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The partition.</summary>
    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>The fence's number.</summary>
    [ProtoMember(3)] public required long Number { get; init; }
}
