namespace Morag.Failover.Domain.Queues;

/// <summary>How all leases of a worker are ended together.</summary>
public enum FenceKind
{
    /// <summary>
    /// The instance was lost and may come back: each lease stays protected for a while, in proportion to how long it has run.
    /// </summary>
    Lost = 0,

    /// <summary>The loss is certain (a new instance registered, or an operator said so): every lease ends now.</summary>
    Proven = 1,

    /// <summary>The worker unregistered, or its drain deadline passed: its leases are returned and nobody is blamed.</summary>
    Returned = 2,

    /// <summary>The lost instance came back: leases that have not ended continue.</summary>
    Lifted = 3,
}

/// <summary>
/// Fences an instance of a worker at one partition. Fences are numbered, and sent again until <see cref="FenceAcknowledged"/> answers
/// them.
/// </summary>
[ProtoContract(Name = "fence-instance")]
public sealed record FenceInstance : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The fence's number for this worker, ascending. A fence that is not newer than the last one changes nothing.</summary>
    [ProtoMember(3)] public required long Number { get; init; }

    [ProtoMember(4)] public required FenceKind Kind { get; init; }

    /// <summary>The fenced instance; null fences every instance.</summary>
    [ProtoMember(5)] public InstanceId? InstanceId { get; init; }

    /// <summary>The loss, for the kinds that are a loss.</summary>
    [ProtoMember(6)] public LossId? LossId { get; init; }

    /// <summary>How long the worker has been silent. A duration, because the clocks of sender and receiver may differ.</summary>
    [ProtoMember(10)] public TimeSpan SilentFor { get; init; }

    /// <summary>Whom the loss counts against.</summary>
    [ProtoMember(8)] public LossBlame Blame { get; init; }

    [ProtoMember(9)] public string Reason { get; init; } = "";
}

/// <summary>Acknowledges a fence that the partition has stored.</summary>
[ProtoContract(Name = "fence-acknowledged")]
public sealed record FenceAcknowledged : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    [ProtoMember(2)] public required int Partition { get; init; }
    [ProtoMember(3)] public required long Number { get; init; }
}
