using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>
/// The coordinator asks the queue, once, to end the lease that a report is about. Answer, to the sender, after the end is durable:
/// <see cref="EndLeaseReply"/> with the same <see cref="Number"/>.
/// </summary>
[ProtoContract(Name = "end-lease")]
public sealed record EndLease : ITaskMessage
{
    /// <summary>The report.</summary>
    [ProtoMember(1)] public required ReportFailure Report { get; init; }

    /// <summary>The coordinator's number for this report, to be repeated in the answer: one task may have several reports under way.</summary>
    [ProtoMember(2)] public long Number { get; init; }

    /// <inheritdoc />
    public TaskId TaskId => Report?.TaskId ?? default; // A message may arrive without it.
}

/// <summary>What the queue knows of a reported lease.</summary>
public enum LeaseEnding
{
    /// <summary>The lease ended with this report, or an earlier one, and its decision is under way.</summary>
    Ended,

    /// <summary>The lease had ended before and its decision was carried out; the coordinator knows it by the failure's id.</summary>
    EndedBefore,

    /// <summary>The report names a worker or epoch that does not hold the task; nothing changed.</summary>
    Stale,

    /// <summary>No queue here holds the task.</summary>
    NotHeld,
}

/// <summary>The queue's answer about a reported lease.</summary>
[ProtoContract(Name = "end-lease-reply")]
public sealed record EndLeaseReply : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>What became of the lease.</summary>
    [ProtoMember(2)] public required LeaseEnding Ending { get; init; }

    /// <summary>The failure, where the lease ended.</summary>
    [ProtoMember(3)] public LeaseFailure? Failure { get; init; }

    /// <summary>The failure's id, where the lease had ended before.</summary>
    [ProtoMember(4)] public FailureId? FailureId { get; init; }

    /// <summary>Where the task is now, in words, for stale reports.</summary>
    [ProtoMember(5)] public string Detail { get; init; } = "";

    /// <summary>The <see cref="EndLease.Number"/> that it answers.</summary>
    [ProtoMember(6)] public long Number { get; init; }
}

/// <summary>
/// Carries a decision out: the coordinator sends it until the queue answers with <see cref="ReassignOutcome"/>. It applies only
/// while the task still is deciding about <see cref="Epoch"/>.
/// </summary>
[ProtoContract(Name = "reassign")]
public sealed record Reassign : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease that the decision is about.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>The failure that was decided.</summary>
    [ProtoMember(3)] public required FailureId FailureId { get; init; }

    /// <summary>What to do.</summary>
    [ProtoMember(4)] public required FailoverAction Action { get; init; }

    /// <summary>How long until it may be leased again, jitter included; the queue counts it from when it applies.</summary>
    [ProtoMember(5)] public TimeSpan Delay { get; init; }

    /// <summary>The worker to avoid while any other live one can take the task.</summary>
    [ProtoMember(6)] public WorkerId? Avoid { get; init; }

    /// <summary>The quality settings from now on; null keeps them.</summary>
    [ProtoMember(7)] public JsonText? Quality { get; init; }

    /// <summary>The rungs of the quality ladder climbed, after this.</summary>
    [ProtoMember(8)] public int QualityRung { get; init; }

    /// <summary>Whether the failure says nothing about the task (planned, or part of a mass loss).</summary>
    [ProtoMember(9)] public bool SaysNothingOfTask { get; init; }

    /// <summary>Failures of the task, this one included, that are now known to be their workers' fault: they leave the task's own budget.</summary>
    [ProtoMember(10)] public ImmutableArray<FailureId> WorkersFault { get; init; } = [];

    /// <summary>Failures that had been blamed on their workers and count against the task after all: the workers complete other tasks.</summary>
    [ProtoMember(11)] public ImmutableArray<FailureId> Cleared { get; init; } = [];
}

/// <summary>
/// Takes a decision to park back: the workers whose failures it rested on turned out to fail everything they are given. The coordinator
/// sends it until the queue answers with <see cref="UnparkOutcome"/>. It applies only while the task is parked by that decision.
/// </summary>
[ProtoContract(Name = "unpark")]
public sealed record Unpark : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure whose decision parked it.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>Why it is taken back.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }

    /// <summary>A worker to avoid while any other live one can take the task.</summary>
    [ProtoMember(4)] public WorkerId? Avoid { get; init; }

    /// <summary>The failures of the task that are their workers' fault.</summary>
    [ProtoMember(5)] public ImmutableArray<FailureId> WorkersFault { get; init; } = [];
}

/// <summary>What became of an <see cref="Unpark"/>, durably. Repeating the message gives the same answer.</summary>
[ProtoContract(Name = "unpark-outcome")]
public sealed record UnparkOutcome : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure whose decision parked it.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>True: queued again. False: something else came first.</summary>
    [ProtoMember(3)] public bool Applied { get; init; }

    /// <summary>Where the task is, in words.</summary>
    [ProtoMember(4)] public string Detail { get; init; } = "";
}

/// <summary>Asks the queue whether a task is still parked by a decision. Answer: <see cref="ParkedAnswer"/>.</summary>
[ProtoContract(Name = "ask-whether-parked")]
public sealed record AskWhetherParked : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure whose decision parked it.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }
}

/// <summary>The answer to <see cref="AskWhetherParked"/>.</summary>
[ProtoContract(Name = "parked-answer")]
public sealed record ParkedAnswer : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure whose decision parked it.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>Whether it is parked by that decision.</summary>
    [ProtoMember(3)] public bool Parked { get; init; }
}

/// <summary>
/// A hint to the coordinator: a task that had failed before went on. Sent once; where it is lost, the experience with strategies misses one
/// success, and the coordinator asks before it forgets what it takes for parked.
/// </summary>
[ProtoContract(Name = "task-went-on")]
public sealed record TaskWentOn : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>True: it succeeded. False: an operator requeued or cancelled it.</summary>
    [ProtoMember(2)] public bool Succeeded { get; init; }
}

/// <summary>What became of a <see cref="Reassign"/>, durably. Repeating the message gives the same answer.</summary>
[ProtoContract(Name = "reassign-outcome")]
public sealed record ReassignOutcome : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>True: carried out. False: superseded.</summary>
    [ProtoMember(3)] public bool Applied { get; init; }

    /// <summary>Where the task went, or what came first, in words.</summary>
    [ProtoMember(4)] public string Detail { get; init; } = "";
}

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

/// <summary>Asks a partition what a worker holds. Answer: <see cref="HeldLeases"/>.</summary>
[ProtoContract(Name = "get-held-leases")]
public sealed record GetHeldLeases : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
}

/// <summary>What a worker holds in one partition.</summary>
[ProtoContract(Name = "held-leases")]
public sealed record HeldLeases : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The partition.</summary>
    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>The leases.</summary>
    [ProtoMember(3)] public ImmutableArray<Workers.HeldLease> Leases { get; init; } = [];
}

/// <summary>How a lease ended, as its worker's entity hears of it.</summary>
public enum LeaseOutcomeKind
{
    /// <summary>Its completion was accepted.</summary>
    Succeeded,

    /// <summary>It failed; the coordinator takes that to the score.</summary>
    Failed,

    /// <summary>It was given back without blame, or its task was cancelled.</summary>
    Returned,
}

/// <summary>One lease that ended.</summary>
[ProtoContract]
public sealed record LeaseOutcome
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>How it ended.</summary>
    [ProtoMember(3)] public LeaseOutcomeKind Kind { get; init; }

    /// <summary>How long it ran.</summary>
    [ProtoMember(4)] public TimeSpan Ran { get; init; }

    /// <summary>Why, for those that the worker did not end itself.</summary>
    [ProtoMember(5)] public string? Reason { get; init; }

    /// <summary>The queue it was leased from, for those that succeeded.</summary>
    [ProtoMember(6)] public QueueName? Queue { get; init; }

    /// <summary>The task's content type, for those that succeeded.</summary>
    [ProtoMember(7)] public string? ContentType { get; init; }
}

/// <summary>
/// What a queue partition owes a worker's entity: the leases that ended, in numbered batches, one under way at a time, sent again
/// until <see cref="OutcomesTaken"/> answers.
/// </summary>
[ProtoContract(Name = "lease-outcomes")]
public sealed record LeaseOutcomes : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The partition.</summary>
    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>The batch's number for this worker and partition, from 1.</summary>
    [ProtoMember(3)] public required long Number { get; init; }

    /// <summary>The leases that ended, in order.</summary>
    [ProtoMember(4)] public ImmutableArray<LeaseOutcome> Outcomes { get; init; } = [];
}

/// <summary>The worker's entity took a batch in, durably.</summary>
[ProtoContract(Name = "outcomes-taken")]
public sealed record OutcomesTaken : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The batch.</summary>
    [ProtoMember(3)] public required long Number { get; init; }
}

/// <summary>
/// A hint to a worker's entity: leases that its worker ended itself are over, so there is room again. Their outcome follows in a
/// numbered batch; where this is lost, that makes the room.
/// </summary>
[ProtoContract(Name = "leases-freed")]
public sealed record LeasesFreed : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The partition.</summary>
    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>The leases.</summary>
    [ProtoMember(3)] public ImmutableArray<LeaseRef> Leases { get; init; } = [];
}
