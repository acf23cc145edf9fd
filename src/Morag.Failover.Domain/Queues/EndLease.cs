using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Asks the queue to end the lease that a failure report is about. The coordinator sends it once. The reply, sent when the end is durable,
/// is an <see cref="EndLeaseReply"/> with the same <see cref="Number"/>.
/// </summary>
[ProtoContract(Name = "end-lease")]
public sealed record EndLease : ITaskMessage
{
    [ProtoMember(1)] public required ReportFailure Report { get; init; }

    /// <summary>The coordinator's number for this report, echoed in the reply: one task may have several reports in flight.</summary>
    [ProtoMember(2)] public long Number { get; init; }

    /// <inheritdoc />
    public TaskId TaskId => Report?.TaskId ?? default; // Null in a malformed message.
}

/// <summary>What the queue knows about a reported lease.</summary>
public enum EndLeaseResult
{
    /// <summary>This report or an earlier one ended the lease, and the failover decision is pending.</summary>
    Ended = 0,

    /// <summary>The lease ended earlier and its decision was carried out; the coordinator finds it by the failure id.</summary>
    EndedBefore = 1,

    /// <summary>The report names a worker or an epoch that does not hold the task. Nothing changed.</summary>
    Stale = 2,

    /// <summary>This partition has no such task.</summary>
    NotHeld = 3,
}

/// <summary>The reply to <see cref="EndLease"/>.</summary>
[ProtoContract(Name = "end-lease-reply")]
public sealed record EndLeaseReply : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    [ProtoMember(2)] public required EndLeaseResult Ending { get; init; }

    /// <summary>The failure; set with <see cref="EndLeaseResult.Ended"/>.</summary>
    [ProtoMember(3)] public LeaseFailure? Failure { get; init; }

    /// <summary>The failure's id; set with <see cref="EndLeaseResult.EndedBefore"/>.</summary>
    [ProtoMember(4)] public FailureId? FailureId { get; init; }

    /// <summary>The current state of the task, for stale reports.</summary>
    [ProtoMember(5)] public string Detail { get; init; } = "";

    /// <summary>Echoes <see cref="EndLease.Number"/>.</summary>
    [ProtoMember(6)] public long Number { get; init; }
}
