using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>What the failover policy needs to know about a task.</summary>
[ProtoContract]
public sealed record TaskFacts
{
    /// <summary>The queue it was leased from.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>The most failures of its own before it is parked.</summary>
    [ProtoMember(2)] public int MaxRetries { get; init; } = 3;

    /// <summary>Earlier failures that are the task's own (processing error, timeout, resource exhaustion).</summary>
    [ProtoMember(3)] public int OwnFailures { get; init; }

    /// <summary>Earlier failures of workers and networks.</summary>
    [ProtoMember(4)] public int FleetFailures { get; init; }

    /// <summary>Earlier retries in a row on the same worker, after this type of failure.</summary>
    [ProtoMember(5)] public int SameWorkerRetries { get; init; }

    /// <summary>Earlier reassignments; the delay grows with them.</summary>
    [ProtoMember(6)] public int Reassignments { get; init; }

    /// <summary>The rungs of the quality ladder used so far.</summary>
    [ProtoMember(7)] public int QualityRung { get; init; }

    [ProtoMember(8)] public JsonText Quality { get; init; } = JsonText.EmptyObject;

    /// <summary>Earlier failures, oldest first, at most the last 50. An operator's requeue clears them.</summary>
    [ProtoMember(9)] public ImmutableArray<TaskFailure> History { get; init; } = [];

    [ProtoMember(10)] public string? ContentType { get; init; }
    [ProtoMember(11)] public ResourceRequirements ResourceRequirements { get; init; } = new();

    /// <summary>The estimated duration in minutes.</summary>
    [ProtoMember(12)] public double? EstimatedDuration { get; init; }
}

/// <summary>An earlier failure of a task.</summary>
[ProtoContract]
public sealed record TaskFailure
{
    [ProtoMember(1)] public required FailureId FailureId { get; init; }
    [ProtoMember(2)] public required FailureType FailureType { get; init; }
    [ProtoMember(3)] public WorkerId? WorkerId { get; init; }
    [ProtoMember(4)] public DateTimeOffset At { get; init; }

    /// <summary>The strategy that was decided.</summary>
    [ProtoMember(5)] public FailoverStrategy Strategy { get; init; }

    /// <summary>Whether it does not count against the task: the loss was planned, or part of a mass loss.</summary>
    [ProtoMember(6)] public bool ExcludedFromBudgets { get; init; }

    /// <summary>Whether it is known to be the worker's fault, because the worker failed every task it got.</summary>
    [ProtoMember(7)] public bool WorkersFault { get; init; }

    /// <summary>Whether its decision parked the task and was reversed.</summary>
    [ProtoMember(8)] public bool Unparked { get; init; }
}
