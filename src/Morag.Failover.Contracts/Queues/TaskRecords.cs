using System.Globalization;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>Where a task is in its life.</summary>
public enum TaskState
{
    /// <summary>It can be leased.</summary>
    Queued,

    /// <summary>It can be leased once its delay is over.</summary>
    Delayed,

    /// <summary>A worker holds it.</summary>
    Leased,

    /// <summary>Its lease ended and its decision is under way.</summary>
    Deciding,

    /// <summary>A completion was accepted.</summary>
    Succeeded,

    /// <summary>It waits for an operator.</summary>
    Parked,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}

/// <summary>The order inside a queue: higher first, then oldest first. A number on the wire.</summary>
public enum TaskPriority
{
    /// <summary>Whenever there is nothing else.</summary>
    Batch = 1,

    /// <summary>After the normal ones.</summary>
    Low = 3,

    /// <summary>The default.</summary>
    Normal = 5,

    /// <summary>Before the normal ones.</summary>
    High = 8,

    /// <summary>Before all others.</summary>
    Urgent = 10,
}

/// <summary>What a task needs of a machine.</summary>
[ProtoContract]
public sealed record ResourceRequirements
{
    /// <summary>Needs nothing in particular.</summary>
    public static readonly ResourceRequirements None = new();

    /// <summary>Whether it needs a GPU.</summary>
    [ProtoMember(1)] public bool GpuRequired { get; init; }

    /// <summary>Main memory in GiB, 0 or more.</summary>
    [ProtoMember(2)] public double MemoryGb { get; init; }

    /// <summary>Disk space in GiB, 0 or more.</summary>
    [ProtoMember(3)] public double DiskGb { get; init; }
}

/// <summary>A task as it is handed in.</summary>
[ProtoContract]
public sealed record TaskSubmission
{
    private string? contentType;

    // Not the shared instance: Protobuf reads into the one that is there.
    private ResourceRequirements resourceRequirements = new();

    /// <summary>The task's id.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The queue it goes to.</summary>
    [ProtoMember(2)] public required QueueName Queue { get; init; }

    /// <summary>Its place in the order.</summary>
    [ProtoMember(3)] public TaskPriority Priority { get; init; } = TaskPriority.Normal;

    /// <summary>What the worker gets: any JSON up to <c>max-payload</c> and <see cref="JsonDepth.MaxOfValue"/> levels.</summary>
    [ProtoMember(4)] public JsonText Payload { get; init; }

    /// <summary>The time a lease may run; null means the queue's.</summary>
    [ProtoMember(5)] public TimeSpan? Timeout { get; init; }

    /// <summary>The failures of its own that it may have before it parks; null means the default (3).</summary>
    [ProtoMember(6)] public int? MaxRetries { get; init; }

    /// <summary>The content type, matched against what workers support.</summary>
    [ProtoMember(7)] public string? ContentType { get => contentType; init => contentType = SharedValues<string>.Of(value); }

    /// <summary>The quality settings to begin with; an object.</summary>
    [ProtoMember(8)] public JsonText Quality { get; init; } = JsonText.EmptyObject;

    /// <summary>What it needs of a machine.</summary>
    [ProtoMember(9)]
    public ResourceRequirements ResourceRequirements { get => resourceRequirements; init => resourceRequirements = value; }

    /// <summary>How long it is thought to take, in minutes.</summary>
    [ProtoMember(10)] public double? EstimatedDuration { get; init; }

    /// <summary>Most tasks need what many others need.</summary>
    [ProtoAfterDeserialization]
    private void ShareEqualValues() => resourceRequirements = SharedValues<ResourceRequirements>.Of(resourceRequirements);
}

/// <summary>A task handed to a worker.</summary>
[ProtoContract]
public sealed record LeasedTask
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's number: completing, failing and extending name it.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>The queue it came from.</summary>
    [ProtoMember(3)] public required QueueName Queue { get; init; }

    /// <summary>What to do.</summary>
    [ProtoMember(4)] public JsonText Payload { get; init; }

    /// <summary>The quality settings that hold now.</summary>
    [ProtoMember(5)] public JsonText Quality { get; init; } = JsonText.EmptyObject;

    /// <summary>The how-manieth lease of this task it is, from 1.</summary>
    [ProtoMember(6)] public int Attempt { get; init; }

    /// <summary>When the lease times out, on our clock.</summary>
    [ProtoMember(7)] public DateTimeOffset Deadline { get; init; }

    /// <summary>The seconds left until then, for workers whose clock differs.</summary>
    [ProtoMember(8)] public double RemainingSeconds { get; init; }

    /// <summary>The content type it was submitted with.</summary>
    [ProtoMember(9)] public string? ContentType { get; init; }
}

/// <summary>One earlier failure of a task.</summary>
[ProtoContract]
public sealed record TaskFailure
{
    /// <summary>The failure.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>What failed.</summary>
    [ProtoMember(2)] public required FailureType FailureType { get; init; }

    /// <summary>On which worker.</summary>
    [ProtoMember(3)] public WorkerId? WorkerId { get; init; }

    /// <summary>When.</summary>
    [ProtoMember(4)] public DateTimeOffset At { get; init; }

    /// <summary>What was done about it.</summary>
    [ProtoMember(5)] public FailoverStrategy Strategy { get; init; }

    /// <summary>Whether it says nothing about the task: the loss was planned, or one of a mass loss.</summary>
    [ProtoMember(6)] public bool SaysNothingOfTask { get; init; }

    /// <summary>Whether it is known to be the worker's fault: the worker failed everything it was given.</summary>
    [ProtoMember(7)] public bool WorkersFault { get; init; }

    /// <summary>Whether its decision parked the task and was taken back.</summary>
    [ProtoMember(8)] public bool Unparked { get; init; }
}

/// <summary>What the failover policy has to know of a task: the budgets used, the rung, what failed before.</summary>
[ProtoContract]
public sealed record TaskFacts
{
    /// <summary>The queue it was leased from.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>The failures of its own that it may have.</summary>
    [ProtoMember(2)] public int MaxRetries { get; init; } = 3;

    /// <summary>Failures of its own before this one (processing error, timeout, exhaustion).</summary>
    [ProtoMember(3)] public int OwnFailures { get; init; }

    /// <summary>Failures of workers and networks before this one.</summary>
    [ProtoMember(4)] public int FleetFailures { get; init; }

    /// <summary>Retries on the same worker in a row before this one, without a lease elsewhere in between, by type of failure.</summary>
    [ProtoMember(5)] public int SameWorkerRetries { get; init; }

    /// <summary>Reassignments before this one, for their growing delay.</summary>
    [ProtoMember(6)] public int Reassignments { get; init; }

    /// <summary>The rungs of the quality ladder already climbed.</summary>
    [ProtoMember(7)] public int QualityRung { get; init; }

    /// <summary>The quality settings that hold now.</summary>
    [ProtoMember(8)] public JsonText Quality { get; init; } = JsonText.EmptyObject;

    /// <summary>Earlier failures, oldest first, at most the last 50; cleared by an operator's requeue.</summary>
    [ProtoMember(9)] public ImmutableArray<TaskFailure> History { get; init; } = [];

    /// <summary>The content type.</summary>
    [ProtoMember(10)] public string? ContentType { get; init; }

    /// <summary>What it needs of a machine.</summary>
    [ProtoMember(11)] public ResourceRequirements ResourceRequirements { get; init; } = new();

    /// <summary>How long it is thought to take, in minutes.</summary>
    [ProtoMember(12)] public double? EstimatedDuration { get; init; }
}

/// <summary>A lease that ended in failure, with the facts of its task.</summary>
[ProtoContract]
public sealed record LeaseFailure
{
    /// <summary>The failure's lasting id, derived from task and epoch.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>The task.</summary>
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The lease that ended.</summary>
    [ProtoMember(3)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>Who held it; null where the task failed without a lease (nobody serves its queue).</summary>
    [ProtoMember(4)] public WorkerId? WorkerId { get; init; }

    /// <summary>What failed: the first report's word.</summary>
    [ProtoMember(5)] public required FailureType FailureType { get; init; }

    /// <summary>When the queue learned of it.</summary>
    [ProtoMember(6)] public DateTimeOffset OccurredAt { get; init; }

    /// <summary>What was said about it.</summary>
    [ProtoMember(7)] public string ErrorMessage { get; init; } = "";

    /// <summary>Whatever else the reporter gave.</summary>
    [ProtoMember(8)] public JsonText Context { get; init; } = JsonText.EmptyObject;

    /// <summary>The reporter's name for it.</summary>
    [ProtoMember(9)] public EventId? EventId { get; init; }

    /// <summary>The loss it is part of.</summary>
    [ProtoMember(10)] public LossId? LossId { get; init; }

    /// <summary>Whether the loss was planned (an operator, a drain): it leaves the score as it is.</summary>
    [ProtoMember(11)] public bool Planned { get; init; }

    /// <summary>The facts of the task.</summary>
    [ProtoMember(12)] public required TaskFacts Facts { get; init; }

    /// <summary>Set where no lease ended but nobody can take the task: it asks for the next queue that is served.</summary>
    [ProtoMember(13)] public bool Unserved { get; init; }
}

/// <summary>A queue entry as it is listed.</summary>
[ProtoContract]
public sealed record QueueEntry
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Its queue.</summary>
    [ProtoMember(2)] public required QueueName QueueType { get; init; }

    /// <summary>Its place in the order.</summary>
    [ProtoMember(3)] public TaskPriority Priority { get; init; }

    /// <summary>Who holds it, or whose result was accepted.</summary>
    [ProtoMember(4)] public WorkerId? WorkerId { get; init; }

    /// <summary>When it was submitted.</summary>
    [ProtoMember(5)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>How long it is thought to take, in minutes.</summary>
    [ProtoMember(6)] public double? EstimatedDuration { get; init; }

    /// <summary>What it needs of a machine.</summary>
    [ProtoMember(7)] public ResourceRequirements ResourceRequirements { get; init; } = new();

    /// <summary>Failures so far.</summary>
    [ProtoMember(8)] public int RetryCount { get; init; }

    /// <summary>The failures of its own that it may have.</summary>
    [ProtoMember(9)] public int MaxRetries { get; init; }

    /// <summary>Where it is in its life.</summary>
    [ProtoMember(10)] public TaskState State { get; init; }

    /// <summary>Its current or last lease.</summary>
    [ProtoMember(11)] public LeaseEpoch Epoch { get; init; }

    /// <summary>When a delayed task comes due.</summary>
    [ProtoMember(12)] public DateTimeOffset? NotBefore { get; init; }

    /// <summary>What it needs that no available worker offers, in words; null where one could take it, or it does not wait.</summary>
    [ProtoMember(13)] public string? UnmetNeed { get; init; }
}

/// <summary>One thing that happened to a task.</summary>
[ProtoContract]
public sealed record TaskHistoryEntry
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public DateTimeOffset At { get; init; }

    /// <summary>
    /// What, as a word: submitted, leased, lease_ended, reassigned, pin_ended, completed, released, parked, unparked, requeued, cancelled, extended,
    /// late_result, late_failure, late_extension, late_release.
    /// </summary>
    [ProtoMember(2)] public required string What { get; init; }

    /// <summary>The worker it concerns.</summary>
    [ProtoMember(3)] public WorkerId? WorkerId { get; init; }

    /// <summary>The lease it concerns.</summary>
    [ProtoMember(4)] public LeaseEpoch? Epoch { get; init; }

    /// <summary>More about it, in words.</summary>
    [ProtoMember(5)] public string? Detail { get; init; }
}

/// <summary>A task in full.</summary>
[ProtoContract(Name = "task-info")]
public sealed record TaskInfo : IWireMessage
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Where it is in its life.</summary>
    [ProtoMember(2)] public TaskState State { get; init; }

    /// <summary>Its queue.</summary>
    [ProtoMember(3)] public required QueueName Queue { get; init; }

    /// <summary>Its place in the order.</summary>
    [ProtoMember(4)] public TaskPriority Priority { get; init; }

    /// <summary>Who holds it, or held it last.</summary>
    [ProtoMember(5)] public WorkerId? WorkerId { get; init; }

    /// <summary>Its current or last lease.</summary>
    [ProtoMember(6)] public LeaseEpoch Epoch { get; init; }

    /// <summary>How often it was leased.</summary>
    [ProtoMember(7)] public int Attempt { get; init; }

    /// <summary>When it was submitted.</summary>
    [ProtoMember(8)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>When a delayed task comes due.</summary>
    [ProtoMember(9)] public DateTimeOffset? NotBefore { get; init; }

    /// <summary>When its lease times out.</summary>
    [ProtoMember(10)] public DateTimeOffset? Deadline { get; init; }

    /// <summary>When it ended, for good.</summary>
    [ProtoMember(11)] public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Failures so far.</summary>
    [ProtoMember(12)] public int RetryCount { get; init; }

    /// <summary>The failures of its own that it may have.</summary>
    [ProtoMember(13)] public int MaxRetries { get; init; }

    /// <summary>The quality settings that hold now.</summary>
    [ProtoMember(14)] public JsonText Quality { get; init; } = JsonText.EmptyObject;

    /// <summary>The content type.</summary>
    [ProtoMember(15)] public string? ContentType { get; init; }

    /// <summary>What it needs of a machine.</summary>
    [ProtoMember(16)] public ResourceRequirements ResourceRequirements { get; init; } = new();

    /// <summary>What the worker gets.</summary>
    [ProtoMember(17)] public JsonText Payload { get; init; }

    /// <summary>What the accepted completion gave.</summary>
    [ProtoMember(18)] public JsonText Result { get; init; }

    /// <summary>Why it is parked.</summary>
    [ProtoMember(19)] public string? ParkedBecause { get; init; }

    /// <summary>What happened to it, oldest first; the middle is left out of very long ones.</summary>
    [ProtoMember(20)] public ImmutableArray<TaskHistoryEntry> History { get; init; } = [];

    /// <summary>What it needs that no available worker offers, in words; null where one could take it, or it does not wait.</summary>
    [ProtoMember(21)] public string? UnmetNeed { get; init; }
}

/// <summary>The counts of one queue.</summary>
[ProtoContract]
public sealed record QueueStats
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName QueueType { get; init; }

    /// <summary>Tasks that are not ended, with those that were: pending, processing, completed and failed together.</summary>
    [ProtoMember(2)] public long TotalTasks { get; init; }

    /// <summary>Queued, delayed and deciding.</summary>
    [ProtoMember(3)] public int PendingTasks { get; init; }

    /// <summary>Leased.</summary>
    [ProtoMember(4)] public int ProcessingTasks { get; init; }

    /// <summary>Completed, ever.</summary>
    [ProtoMember(5)] public long CompletedTasks { get; init; }

    /// <summary>Parked now and cancelled ever.</summary>
    [ProtoMember(6)] public long FailedTasks { get; init; }

    /// <summary>Mean minutes from submission to the first lease.</summary>
    [ProtoMember(7)] public double AverageWaitTime { get; init; }

    /// <summary>Mean minutes from lease to accepted completion.</summary>
    [ProtoMember(8)] public double AverageProcessingTime { get; init; }

    /// <summary>Live workers that serve it.</summary>
    [ProtoMember(9)] public int WorkerCount { get; init; }

    /// <summary>True where tasks wait that no available worker can take: <see cref="UnmetNeeds"/> says why.</summary>
    [ProtoMember(10)] public bool Unserved { get; init; }

    /// <summary>Parked now.</summary>
    [ProtoMember(11)] public int ParkedTasks { get; init; }

    /// <summary>What waiting tasks need that no available worker offers, the one that most tasks need first.</summary>
    [ProtoMember(12)] public ImmutableArray<UnmetNeed> UnmetNeeds { get; init; } = [];

    /// <summary><see cref="UnmetNeeds"/> as one text; null where every waiting task can be taken.</summary>
    public string? UnservedBecause => UnmetNeeds.IsEmpty
        ? null
        : string.Join("; ", UnmetNeeds.Select(unmet => $"{unmet.Need}: {Counted.Of(unmet.Tasks, "task")}"));
}

/// <summary>Something that waiting tasks need and no available worker offers.</summary>
[ProtoContract]
public sealed record UnmetNeed
{
    /// <summary>What is missing, in words: "no worker offers 80 GB of memory".</summary>
    [ProtoMember(1)] public required string Need { get; init; }

    /// <summary>How many tasks need it.</summary>
    [ProtoMember(2)] public int Tasks { get; init; }
}
