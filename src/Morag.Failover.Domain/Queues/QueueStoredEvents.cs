using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>Tasks were accepted.</summary>
[ProtoContract(Name = "queue.tasks-accepted")]
public sealed record TasksAccepted : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The tasks, in their order.</summary>
    [ProtoMember(2)] public ImmutableArray<TaskSubmission> Tasks { get; init; } = [];
}

/// <summary>One lease as it was granted.</summary>
[ProtoContract]
public sealed record GrantedLease
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's number.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>How long it may run.</summary>
    [ProtoMember(3)] public required TimeSpan Timeout { get; init; }

    /// <summary>What it costs its queue in the worker's turn-taking: 1 / weight; 0 for workers that serve one queue.</summary>
    [ProtoMember(4)] public double Cost { get; init; }
}

/// <summary>A worker was granted leases.</summary>
[ProtoContract(Name = "queue.tasks-leased")]
public sealed record TasksLeased : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>To whom.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>To which of its instances.</summary>
    [ProtoMember(3)] public InstanceId? InstanceId { get; init; }

    /// <summary>The call that they answer.</summary>
    [ProtoMember(4)] public RequestId? RequestId { get; init; }

    /// <summary>The leases, in the order they were taken.</summary>
    [ProtoMember(5)] public ImmutableArray<GrantedLease> Leases { get; init; } = [];
}

/// <summary>Completions were accepted, and late ones refused.</summary>
[ProtoContract(Name = "queue.tasks-completed")]
public sealed record TasksCompleted : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Whose they are.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The accepted ones.</summary>
    [ProtoMember(3)] public ImmutableArray<TaskCompletion> Completions { get; init; } = [];

    /// <summary>Those that came too late, for the history.</summary>
    [ProtoMember(4)] public ImmutableArray<LeaseRef> Late { get; init; } = [];
}

/// <summary>Leases were given back without blame.</summary>
[ProtoContract(Name = "queue.leases-released")]
public sealed record LeasesReleased : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Who held them.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The leases.</summary>
    [ProtoMember(3)] public ImmutableArray<LeaseRef> Leases { get; init; } = [];

    /// <summary>Why.</summary>
    [ProtoMember(4)] public string Reason { get; init; } = "";

    /// <summary>Leases of the same call that no longer held their tasks, to be noted.</summary>
    [ProtoMember(5)] public ImmutableArray<LateCall> Late { get; init; } = [];
}

/// <summary>A lease has more time.</summary>
[ProtoContract(Name = "queue.lease-extended")]
public sealed record LeaseExtended : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The task.</summary>
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(3)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>Until when it may run now.</summary>
    [ProtoMember(4)] public required DateTimeOffset Deadline { get; init; }
}

/// <summary>After an outage of ours every lease that is held has its full time anew, and every protection likewise.</summary>
[ProtoContract(Name = "queue.lease-clocks-restarted")]
public sealed record LeaseClocksRestarted : IStoredEvent
{
    /// <summary>When the outage was over.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
}

/// <summary>One task whose lease ended in failure.</summary>
[ProtoContract]
public sealed record EndedLease
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure.</summary>
    [ProtoMember(2)] public required PendingFailure Failure { get; init; }
}

/// <summary>Leases ended in failure: their tasks are deciding, and their decisions are owed.</summary>
[ProtoContract(Name = "queue.leases-ended")]
public sealed record LeasesEnded : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The leases.</summary>
    [ProtoMember(2)] public ImmutableArray<EndedLease> Leases { get; init; } = [];
}

/// <summary>A further report named a failure that was known already.</summary>
[ProtoContract(Name = "queue.failure-named")]
public sealed record FailureNamed : IStoredEvent
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure's further name.</summary>
    [ProtoMember(2)] public required FailureName Name { get; init; }
}

/// <summary>A decision was carried out.</summary>
[ProtoContract(Name = "queue.task-reassigned")]
public sealed record TaskReassigned : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The task.</summary>
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The failure that was decided.</summary>
    [ProtoMember(3)] public required FailureId FailureId { get; init; }

    /// <summary>What was decided.</summary>
    [ProtoMember(4)] public required FailoverStrategy Strategy { get; init; }

    /// <summary>The queue it is in from now on.</summary>
    [ProtoMember(5)] public required QueueName Queue { get; init; }

    /// <summary>When it may be leased again; null: at once.</summary>
    [ProtoMember(6)] public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The worker it is pinned to.</summary>
    [ProtoMember(7)] public WorkerId? PinnedTo { get; init; }

    /// <summary>When the pin lapses, where there is no delay before.</summary>
    [ProtoMember(8)] public DateTimeOffset? PinnedUntil { get; init; }

    /// <summary>The worker to avoid.</summary>
    [ProtoMember(9)] public WorkerId? Avoid { get; init; }

    /// <summary>The quality settings from now on; null keeps them.</summary>
    [ProtoMember(10)] public JsonText? Quality { get; init; }

    /// <summary>The rungs of the quality ladder climbed.</summary>
    [ProtoMember(11)] public int QualityRung { get; init; }

    /// <summary>Whether the failure says nothing about the task, and so uses up none of its budgets.</summary>
    [ProtoMember(12)] public bool ExcludedFromBudgets { get; init; }

    /// <summary>Why it was decided so.</summary>
    [ProtoMember(13)] public string Reason { get; init; } = "";

    /// <summary>Failures of the task, this one included, that are now known to be their workers' fault.</summary>
    [ProtoMember(14)] public ImmutableArray<FailureId> WorkersFault { get; init; } = [];

    /// <summary>Failures that had been blamed on their workers and count against the task after all.</summary>
    [ProtoMember(15)] public ImmutableArray<FailureId> Cleared { get; init; } = [];
}

/// <summary>A parked task is queued again, since the workers whose failures had parked it turned out to be at fault.</summary>
[ProtoContract(Name = "queue.task-unparked")]
public sealed record TaskUnparked : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The task.</summary>
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The failure whose decision had parked it.</summary>
    [ProtoMember(3)] public required FailureId FailureId { get; init; }

    /// <summary>The worker to avoid.</summary>
    [ProtoMember(4)] public WorkerId? Avoid { get; init; }

    /// <summary>The failures of the task that are their workers' fault.</summary>
    [ProtoMember(5)] public ImmutableArray<FailureId> WorkersFault { get; init; } = [];

    /// <summary>Why.</summary>
    [ProtoMember(6)] public string Reason { get; init; } = "";
}

/// <summary>An instance of a worker was fenced.</summary>
[ProtoContract(Name = "queue.instance-fenced")]
public sealed record InstanceFenced : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The fence's number.</summary>
    [ProtoMember(3)] public required long Number { get; init; }

    /// <summary>What it does.</summary>
    [ProtoMember(4)] public required FenceKind Kind { get; init; }

    /// <summary>The instance; null for all.</summary>
    [ProtoMember(5)] public InstanceId? InstanceId { get; init; }

    /// <summary>Leases that go on under protection.</summary>
    [ProtoMember(6)] public ImmutableArray<ProtectedLease> Protected { get; init; } = [];

    /// <summary>Leases that end in failure now.</summary>
    [ProtoMember(7)] public ImmutableArray<EndedLease> Ended { get; init; } = [];

    /// <summary>Leases that are given back without blame, or whose protection is lifted.</summary>
    [ProtoMember(8)] public ImmutableArray<LeaseRef> Freed { get; init; } = [];

    /// <summary>Whether it is only a part of the fence, for some of many leases: the worker counts as fenced with the last part.</summary>
    [ProtoMember(10)] public bool IsPart { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(9)] public string Reason { get; init; } = "";
}

/// <summary>A lease that a lost worker keeps for a while.</summary>
[ProtoContract]
public sealed record ProtectedLease
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>How it ends if the worker does not come back.</summary>
    [ProtoMember(2)] public required PendingLoss Loss { get; init; }
}

/// <summary>Delays are over, or pins lapsed.</summary>
[ProtoContract(Name = "queue.tasks-came-due")]
public sealed record TasksCameDue : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The tasks.</summary>
    [ProtoMember(2)] public ImmutableArray<TaskId> Tasks { get; init; } = [];

    /// <summary>Until when those that have just come due stay pinned.</summary>
    [ProtoMember(3)] public required DateTimeOffset PinnedUntil { get; init; }
}

/// <summary>What a call wanted that came too late.</summary>
public enum LateCallKind
{
    /// <summary>To report a failure.</summary>
    Failure = 0,

    /// <summary>To move the lease's deadline on.</summary>
    Extension = 1,

    /// <summary>To give the lease back.</summary>
    Release = 2,
}

/// <summary>Calls named leases that no longer hold their tasks: they were refused, and the tasks' histories say so.</summary>
[ProtoContract(Name = "queue.late-calls-noted")]
public sealed record LateCallsNoted : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The calls.</summary>
    [ProtoMember(2)] public ImmutableArray<LateCall> Calls { get; init; } = [];
}

/// <summary>One call that came too late.</summary>
[ProtoContract]
public sealed record LateCall
{
    /// <summary>What it wanted.</summary>
    [ProtoMember(1)] public required LateCallKind Kind { get; init; }

    /// <summary>The task.</summary>
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The worker that made the call or that the report named; null if there is none.</summary>
    [ProtoMember(3)] public WorkerId? WorkerId { get; init; }

    /// <summary>The lease that it named; null where it named none.</summary>
    [ProtoMember(4)] public LeaseEpoch? Epoch { get; init; }

    /// <summary>What it said, in words.</summary>
    [ProtoMember(5)] public string? Detail { get; init; }
}

/// <summary>A worker may not take tasks that are pinned to it: the pins end.</summary>
[ProtoContract(Name = "queue.pins-ended")]
public sealed record PinsEnded : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The tasks, each with why its pin ended.</summary>
    [ProtoMember(3)] public ImmutableArray<RefusedPin> Pins { get; init; } = [];
}

/// <summary>Nobody could take these tasks for too long, but somebody serves a later queue of theirs: their move is to be decided.</summary>
[ProtoContract(Name = "queue.tasks-went-unserved")]
public sealed record TasksWentUnserved : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The tasks, each with a number of its own in place of a lease's.</summary>
    [ProtoMember(2)] public ImmutableArray<EndedLease> Tasks { get; init; } = [];
}

/// <summary>Tasks were cancelled.</summary>
[ProtoContract(Name = "queue.tasks-cancelled")]
public sealed record TasksCancelled : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The tasks.</summary>
    [ProtoMember(2)] public ImmutableArray<TaskId> Tasks { get; init; } = [];

    /// <summary>Why.</summary>
    [ProtoMember(3)] public string Reason { get; init; } = "";
}

/// <summary>An operator took parked tasks up again.</summary>
[ProtoContract(Name = "queue.tasks-requeued")]
public sealed record TasksRequeued : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The tasks.</summary>
    [ProtoMember(2)] public ImmutableArray<TaskId> Tasks { get; init; } = [];

    /// <summary>Their queue from now on; null keeps each one's.</summary>
    [ProtoMember(3)] public QueueName? Queue { get; init; }

    /// <summary>Their quality settings from now on; null keeps each one's.</summary>
    [ProtoMember(4)] public JsonText? Quality { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(5)] public string Reason { get; init; } = "";
}

/// <summary>A batch of outcomes that a worker's entity took.</summary>
[ProtoContract]
public sealed record AcknowledgedBatch
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The batch.</summary>
    [ProtoMember(2)] public required long Number { get; init; }
}

/// <summary>Workers' entities took batches of outcomes: what gathered meanwhile is their next batch.</summary>
[ProtoContract(Name = "queue.outcomes-acknowledged")]
public sealed record OutcomesAcknowledged : IStoredEvent
{
    /// <summary>The batches.</summary>
    [ProtoMember(1)] public ImmutableArray<AcknowledgedBatch> Batches { get; init; } = [];
}

/// <summary>What was kept of a worker was dropped: it has been gone for long.</summary>
[ProtoContract(Name = "queue.worker-share-forgotten")]
public sealed record WorkerShareForgotten : IStoredEvent
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }
}

/// <summary>Ended tasks are no longer remembered; the counters stay.</summary>
[ProtoContract(Name = "queue.tasks-forgotten")]
public sealed record TasksForgotten : IStoredEvent
{
    /// <summary>How many, of those that ended first.</summary>
    [ProtoMember(1)] public required int Count { get; init; }
}
