using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Queues;

/// <summary>A failure whose decision is pending.</summary>
[ProtoContract]
public sealed record PendingFailure
{
    /// <summary>The epoch of the lease that ended, or an epoch of its own if none did.</summary>
    [ProtoMember(1)] public required LeaseEpoch Epoch { get; init; }

    [ProtoMember(2)] public WorkerId? WorkerId { get; init; }
    [ProtoMember(3)] public required FailureType FailureType { get; init; }

    /// <summary>When the queue learned of the failure.</summary>
    [ProtoMember(4)] public DateTimeOffset OccurredAt { get; init; }

    [ProtoMember(5)] public string ErrorMessage { get; init; } = "";

    /// <summary>Any further JSON from the reporter.</summary>
    [ProtoMember(6)] public JsonText Context { get; init; } = JsonText.EmptyObject;

    /// <summary>The reporter's id for the failure.</summary>
    [ProtoMember(7)] public EventId? EventId { get; init; }

    /// <summary>The worker loss that caused the failure.</summary>
    [ProtoMember(8)] public LossId? LossId { get; init; }

    /// <summary>Whom that loss counts against.</summary>
    [ProtoMember(9)] public LossBlame Blame { get; init; }

    /// <summary>True if no lease ended and no available worker can run the task.</summary>
    [ProtoMember(10)] public bool Unserved { get; init; }
}
