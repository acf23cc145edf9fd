using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

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
    [ProtoMember(6)] public bool ExcludedFromBudgets { get; init; }

    /// <summary>Whether it is known to be the worker's fault: the worker failed everything it was given.</summary>
    [ProtoMember(7)] public bool WorkersFault { get; init; }

    /// <summary>Whether its decision parked the task and was taken back.</summary>
    [ProtoMember(8)] public bool Unparked { get; init; }
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
