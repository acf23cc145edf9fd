using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>A task leased to a worker.</summary>
[ProtoContract]
public sealed record LeasedTask
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's epoch. Completing, failing and extending must name it.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>The queue that the task came from.</summary>
    [ProtoMember(3)] public required QueueName Queue { get; init; }

    /// <summary>The payload.</summary>
    [ProtoMember(4)] public JsonText Payload { get; init; }

    /// <summary>The current quality settings.</summary>
    [ProtoMember(5)] public JsonText Quality { get; init; } = JsonText.EmptyObject;

    /// <summary>Attempt number, starting at 1.</summary>
    [ProtoMember(6)] public int Attempt { get; init; }

    /// <summary>When the lease times out, by the cluster's clock.</summary>
    [ProtoMember(7)] public DateTimeOffset Deadline { get; init; }

    /// <summary>The seconds until the deadline, for workers whose clock differs.</summary>
    [ProtoMember(8)] public double RemainingSeconds { get; init; }

    /// <summary>The content type of the submission.</summary>
    [ProtoMember(9)] public string? ContentType { get; init; }

    /// <summary>The trace of the submission, for the work to continue; null if it had none.</summary>
    [ProtoMember(10), JsonPropertyName("traceparent")] public string? TraceParent { get; init; }

    /// <summary>The last checkpoint that an earlier attempt reported; null if there is none.</summary>
    [ProtoMember(11)] public JsonText? Checkpoint { get; init; }
}

/// <summary>Leases that were granted durably.</summary>
[ProtoContract(Name = "leases-granted")]
public sealed record LeasesGranted : IWireMessage
{
    /// <summary>The partition that granted them.</summary>
    [ProtoMember(1)] public int Partition { get; init; }

    /// <summary>The leases; empty if there is nothing to grant.</summary>
    [ProtoMember(2)] public ImmutableArray<LeasedTask> Leases { get; init; } = [];

    /// <summary>The run of the partition. After a restart, a partition no longer knows the worker's interest.</summary>
    [ProtoMember(3)] public long Incarnation { get; init; }

    /// <summary>The worker that got the leases. If the reply cannot be delivered, they are returned in its name.</summary>
    [ProtoMember(4)] public WorkerId? WorkerId { get; init; }
}
