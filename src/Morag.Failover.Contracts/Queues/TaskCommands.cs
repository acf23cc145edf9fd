using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>
/// Submits tasks of one partition. Answer, once durable: <see cref="TasksSubmitted"/>; or <see cref="Refused"/> where there are more than
/// <see cref="CallLimits.MaxEntries"/> of them, or they take more than <see cref="MessageLimits.MaxBatchBytes"/> together.
/// </summary>
[ProtoContract(Name = "submit-tasks")]
public sealed record SubmitTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The tasks.</summary>
    [ProtoMember(2)] public ImmutableArray<TaskSubmission> Tasks { get; init; } = [];
}

/// <summary>What became of each submission, in the order of the call.</summary>
[ProtoContract(Name = "tasks-submitted")]
public sealed record TasksSubmitted : IWireMessage
{
    /// <summary>One for each task.</summary>
    [ProtoMember(1)] public ImmutableArray<SubmissionResult> Results { get; init; } = [];
}

/// <summary>What became of one submission.</summary>
[ProtoContract]
public sealed record SubmissionResult
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Null where it is accepted; also for the same content again, which answers as the first time.</summary>
    [ProtoMember(2)] public Refused? Refused { get; init; }

    /// <summary>The state it is in.</summary>
    [ProtoMember(3)] public TaskState State { get; init; }
}

/// <summary>How many more leases a worker may take from one queue.</summary>
[ProtoContract]
public sealed record QueueRoom
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>The most that the worker may hold from it.</summary>
    [ProtoMember(2)] public int Cap { get; init; }

    /// <summary>Those that it holds in other partitions.</summary>
    [ProtoMember(3)] public int HeldElsewhere { get; init; }
}

/// <summary>
/// A worker's entity asks one queue partition for leases on behalf of its worker. Answer: <see cref="LeasesGranted"/>, empty where
/// there is nothing now; with an <see cref="Interest"/>, a <see cref="WorkAvailable"/> follows when there is.
/// </summary>
[ProtoContract(Name = "grant-leases")]
public sealed record GrantLeases : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The instance that the leases are for; null for workers that do not tell.</summary>
    [ProtoMember(3)] public InstanceId? InstanceId { get; init; }

    /// <summary>What the worker can take.</summary>
    [ProtoMember(4)] public required WorkerProfile Profile { get; init; }

    /// <summary>The most leases wanted now.</summary>
    [ProtoMember(5)] public int MaxTasks { get; init; }

    /// <summary>The most leases it may hold at once, over all partitions and queues.</summary>
    [ProtoMember(6)] public int MaxHeld { get; init; }

    /// <summary>The queues to serve, and the room in each.</summary>
    [ProtoMember(7)] public ImmutableArray<QueueRoom> Queues { get; init; } = [];

    /// <summary>The worker's name for its call.</summary>
    [ProtoMember(8)] public RequestId? RequestId { get; init; }

    /// <summary>What the partition should remember that the worker wants; null: nothing.</summary>
    [ProtoMember(9)] public LeaseInterest? Interest { get; init; }

    /// <summary>True: give only what an earlier call of the same <see cref="RequestId"/> was given.</summary>
    [ProtoMember(10)] public bool OnlyRepeat { get; init; }

    /// <summary>The worker's success rate, 0 to 1; null where nothing is known of it. The better of equally free workers comes first.</summary>
    [ProtoMember(11)] public double? SuccessRate { get; init; }
}

/// <summary>Asks whether a worker would be granted anything; grants nothing. Answer: <see cref="WorkFound"/>.</summary>
[ProtoContract(Name = "look-for-work")]
public sealed record LookForWork : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>What the worker could ask for.</summary>
    [ProtoMember(2)] public required GrantLeases Request { get; init; }
}

/// <summary>Whether a partition has work that the worker could be granted now.</summary>
[ProtoContract(Name = "work-found")]
public sealed record WorkFound : IWireMessage
{
    /// <summary>The partition.</summary>
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Whether it has such work.</summary>
    [ProtoMember(2)] public required bool Any { get; init; }
}

/// <summary>
/// What all calls of a worker that wait for leases want together. The partition keeps it beyond these calls, for those that follow, until
/// it runs out, something is leased, or the worker's entity takes it back: see <see cref="WithdrawInterest"/>.
/// </summary>
[ProtoContract]
public sealed record LeaseInterest
{
    /// <summary>How long it is kept.</summary>
    [ProtoMember(1)] public required TimeSpan For { get; init; }

    /// <summary>How many leases they want, 1 or more.</summary>
    [ProtoMember(2)] public required int MaxTasks { get; init; }

    /// <summary>The queues that any of them serves, and the room in each.</summary>
    [ProtoMember(3)] public ImmutableArray<QueueRoom> Queues { get; init; } = [];
}

/// <summary>Leases, granted durably.</summary>
[ProtoContract(Name = "leases-granted")]
public sealed record LeasesGranted : IWireMessage
{
    /// <summary>The partition that granted them.</summary>
    [ProtoMember(1)] public int Partition { get; init; }

    /// <summary>The leases; empty where there is nothing to give.</summary>
    [ProtoMember(2)] public ImmutableArray<LeasedTask> Leases { get; init; } = [];

    /// <summary>The run of the partition that answers: another run knows of no interest that this one keeps.</summary>
    [ProtoMember(3)] public long Incarnation { get; init; }

    /// <summary>Whose they are: if this answer cannot be delivered, they are given back in this worker's name.</summary>
    [ProtoMember(4)] public WorkerId? WorkerId { get; init; }
}

/// <summary>There is something that a worker which showed interest can take: its entity asks for it.</summary>
[ProtoContract(Name = "work-available")]
public sealed record WorkAvailable : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Where it is.</summary>
    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>The interest that it answers, as the partition numbers them.</summary>
    [ProtoMember(3)] public long Interest { get; init; }
}

/// <summary>
/// The worker has no use for work now: the partition forgets its interest and offers the work to others. A newer
/// interest of the worker, which has another number, is kept. No answer.
/// </summary>
[ProtoContract(Name = "withdraw-interest")]
public sealed record WithdrawInterest : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The number of the interest, as <see cref="WorkAvailable.Interest"/> said it.</summary>
    [ProtoMember(3)] public required long Interest { get; init; }
}

/// <summary>A run of a queue partition: it begins when the partition starts or moves to another node.</summary>
[ProtoContract]
public sealed record QueueIncarnation
{
    /// <summary>The partition.</summary>
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The run; no two have the same number, and they have no order.</summary>
    [ProtoMember(2)] public required long Incarnation { get; init; }
}

/// <summary>
/// Partitions that keep the interest of a worker may have started again since, and forgotten it: these are their present runs. The
/// worker's entity asks each partition whose incarnation differs from the one that it knows.
/// </summary>
[ProtoContract(Name = "queues-restarted")]
public sealed record QueuesRestarted : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The present run of each partition.</summary>
    [ProtoMember(2)] public ImmutableArray<QueueIncarnation> Queues { get; init; } = [];
}

/// <summary>
/// The retry delays of tasks that are pinned to a worker are over: may it take them now? Answers, only for those that it may not take,
/// with <see cref="PinsRefused"/>. If either message is lost, the pins lapse in time.
/// </summary>
[ProtoContract(Name = "pins-due")]
public sealed record PinsDue : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The partition that holds the tasks.</summary>
    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>The pinned tasks.</summary>
    [ProtoMember(4)] public ImmutableArray<PinnedTask> Pins { get; init; } = [];
}

/// <summary>A pinned task, with what a worker needs in order to take it.</summary>
[ProtoContract]
public sealed record PinnedTask
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Its queue.</summary>
    [ProtoMember(2)] public required QueueName Queue { get; init; }

    /// <summary>Its content type.</summary>
    [ProtoMember(3)] public string? ContentType { get; init; }

    /// <summary>What it needs of a machine.</summary>
    [ProtoMember(4)] public ResourceRequirements ResourceRequirements { get; init; } = new();
}

/// <summary>A worker may not take tasks that are pinned to it: other workers may lease them at once.</summary>
[ProtoContract(Name = "pins-refused")]
public sealed record PinsRefused : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The tasks that it may not take.</summary>
    [ProtoMember(4)] public ImmutableArray<RefusedPin> Pins { get; init; } = [];
}

/// <summary>A pinned task that its worker may not take.</summary>
[ProtoContract]
public sealed record RefusedPin
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Why, such as "gpu-1 is draining" or "gpu-1 has 4 GiB of memory, and the task needs 8".</summary>
    [ProtoMember(2)] public required string Because { get; init; }
}

/// <summary>One task that a worker finished.</summary>
[ProtoContract]
public sealed record TaskCompletion
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>What came out: any JSON up to <c>max-payload</c> and <see cref="JsonDepth.MaxOfValue"/> levels.</summary>
    [ProtoMember(3)] public JsonText Result { get; init; }
}

/// <summary>
/// A worker hands in finished tasks of one partition. Answer, once durable: <see cref="LeaseResults"/>; or <see cref="Refused"/> where there
/// are more than <see cref="CallLimits.MaxEntries"/> of them, or they take more than <see cref="MessageLimits.MaxBatchBytes"/> together.
/// </summary>
[ProtoContract(Name = "complete-tasks")]
public sealed record CompleteTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The finished tasks.</summary>
    [ProtoMember(3)] public ImmutableArray<TaskCompletion> Completions { get; init; } = [];
}

/// <summary>One lease of a worker.</summary>
[ProtoContract]
public sealed record LeaseRef
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }
}

/// <summary>
/// Gives leases back without blame. Answer, once durable: <see cref="LeaseResults"/>; or <see cref="Refused"/> where there are more than
/// <see cref="CallLimits.MaxEntries"/> of them.
/// </summary>
[ProtoContract(Name = "release-leases")]
public sealed record ReleaseLeases : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The leases.</summary>
    [ProtoMember(3)] public ImmutableArray<LeaseRef> Leases { get; init; } = [];

    /// <summary>Why, for the history.</summary>
    [ProtoMember(4)] public string Reason { get; init; } = "";
}

/// <summary>More time for a lease. Answer, once durable: <see cref="LeaseResults"/> of one.</summary>
[ProtoContract(Name = "extend-lease")]
public sealed record ExtendLease : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(3)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>How much longer than until its present deadline, 1 s to 24 h.</summary>
    [ProtoMember(4)] public TimeSpan By { get; init; }
}

/// <summary>What became of calls about leases, in their order.</summary>
[ProtoContract(Name = "lease-results")]
public sealed record LeaseResults : IWireMessage
{
    /// <summary>One for each lease.</summary>
    [ProtoMember(1)] public ImmutableArray<LeaseResult> Results { get; init; } = [];
}

/// <summary>What became of a call about one lease.</summary>
[ProtoContract]
public sealed record LeaseResult
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>Null where it was accepted; also when the same call came again.</summary>
    [ProtoMember(3)] public Refused? Refused { get; init; }

    /// <summary>The lease's deadline, after an extension.</summary>
    [ProtoMember(4)] public DateTimeOffset? Deadline { get; init; }
}

/// <summary>An operator takes a parked task up again. Answer, once durable: <see cref="Done"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "requeue-task")]
public sealed record RequeueTask : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The queue; null means the one it is in.</summary>
    [ProtoMember(2)] public QueueName? Queue { get; init; }

    /// <summary>The quality settings; null keeps them.</summary>
    [ProtoMember(3)] public JsonText? Quality { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(4)] public required string Reason { get; init; }
}

/// <summary>Cancels a task that has not ended. Answer, once durable: <see cref="Done"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "cancel-task")]
public sealed record CancelTask : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(2)] public string Reason { get; init; } = "";
}

/// <summary>Which tasks are meant. What is null does not restrict.</summary>
[ProtoContract]
public sealed record TaskFilter
{
    /// <summary>Only tasks in this state.</summary>
    [ProtoMember(1)] public TaskState? State { get; init; }

    /// <summary>Only tasks of this queue.</summary>
    [ProtoMember(2)] public QueueName? Queue { get; init; }

    /// <summary>Only tasks that this worker holds, or held last.</summary>
    [ProtoMember(3)] public WorkerId? Worker { get; init; }
}

/// <summary>Requeues the parked tasks of one partition that match. Answer: <see cref="TasksAffected"/>.</summary>
[ProtoContract(Name = "requeue-tasks")]
public sealed record RequeueTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Which.</summary>
    [ProtoMember(2)] public TaskFilter Filter { get; init; } = new();

    /// <summary>Why.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }

    /// <summary>True: only say which.</summary>
    [ProtoMember(4)] public bool DryRun { get; init; }

    /// <summary>The queue; null means the one each is in.</summary>
    [ProtoMember(5)] public QueueName? Queue { get; init; }

    /// <summary>The quality settings; null keeps them.</summary>
    [ProtoMember(6)] public JsonText? Quality { get; init; }
}

/// <summary>Cancels the tasks of one partition that match. Answer: <see cref="TasksAffected"/>.</summary>
[ProtoContract(Name = "cancel-tasks")]
public sealed record CancelTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Which; at least one field must be given, except for a dry run.</summary>
    [ProtoMember(2)] public TaskFilter Filter { get; init; } = new();

    /// <summary>Why.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }

    /// <summary>True: only say which.</summary>
    [ProtoMember(4)] public bool DryRun { get; init; }
}

/// <summary>The tasks that a call for many changed, or would change.</summary>
[ProtoContract(Name = "tasks-affected")]
public sealed record TasksAffected : IWireMessage
{
    /// <summary>How many.</summary>
    [ProtoMember(1)] public int Count { get; init; }

    /// <summary>The first 100 of them.</summary>
    [ProtoMember(2)] public ImmutableArray<TaskId> Sample { get; init; } = [];
}

/// <summary>Asks for a task. Answer: <see cref="TaskInfo"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "get-task")]
public sealed record GetTask : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }
}

/// <summary>Asks one partition for tasks in the order of their ids. Answer: <see cref="TaskPage"/>.</summary>
[ProtoContract(Name = "list-tasks")]
public sealed record ListTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Which.</summary>
    [ProtoMember(2)] public TaskFilter Filter { get; init; } = new();

    /// <summary>Only ids after this one (ordinal).</summary>
    [ProtoMember(3)] public TaskId? After { get; init; }

    /// <summary>The most to return, 1 to 1,000.</summary>
    [ProtoMember(4)] public int Limit { get; init; } = 100;

    /// <summary>Whether tasks that have succeeded or were cancelled are left out.</summary>
    [ProtoMember(5)] public bool OnlyUnfinished { get; init; }
}

/// <summary>A page of tasks.</summary>
[ProtoContract(Name = "task-page")]
public sealed record TaskPage : IWireMessage
{
    /// <summary>The tasks.</summary>
    [ProtoMember(1)] public ImmutableArray<QueueEntry> Tasks { get; init; } = [];

    /// <summary>Whether there are more after these: the page ends at its limit of entries, or at <see cref="MessageLimits.MaxGatheredBytes"/>.</summary>
    [ProtoMember(2)] public bool HasMore { get; init; }
}

/// <summary>Asks one partition for the counts of its queues. Answer: <see cref="QueueStatsReply"/>.</summary>
[ProtoContract(Name = "get-queue-stats")]
public sealed record GetQueueStats : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }
}

/// <summary>The counts of every queue in one partition.</summary>
[ProtoContract(Name = "queue-stats-reply")]
public sealed record QueueStatsReply : IWireMessage
{
    /// <summary>One for each configured queue.</summary>
    [ProtoMember(1)] public ImmutableArray<QueueStats> Queues { get; init; } = [];

    /// <summary>The queues that hold tasks that have not ended, and that the node's settings do not define.</summary>
    [ProtoMember(2)] public ImmutableArray<UndefinedQueue> Undefined { get; init; } = [];
}

/// <summary>A queue that was removed from the settings while tasks were in it.</summary>
[ProtoContract]
public sealed record UndefinedQueue
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>Tasks in it that have not ended, parked ones too.</summary>
    [ProtoMember(2)] public required int UnfinishedTasks { get; init; }
}
