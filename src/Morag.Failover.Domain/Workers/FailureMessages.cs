using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// Asks a worker's entity to take a failure into its score, once for each <see cref="FailureId"/>, and once for each
/// <see cref="LossId"/> where the failure is part of a loss. Answer, once durable: <see cref="FailureTaken"/>.
/// </summary>
[ProtoContract(Name = "take-failure")]
public sealed record TakeFailure : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The failure.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>What failed.</summary>
    [ProtoMember(3)] public required FailureType FailureType { get; init; }

    /// <summary>The loss it is part of.</summary>
    [ProtoMember(4)] public LossId? LossId { get; init; }

    /// <summary>When it happened.</summary>
    [ProtoMember(5)] public DateTimeOffset OccurredAt { get; init; }

    /// <summary>The lease that ended, so that only a probe's own failure moves a half-open breaker; none for tasks held elsewhere.</summary>
    [ProtoMember(6)] public LeaseEpoch Epoch { get; init; }

    /// <summary>The task that failed.</summary>
    [ProtoMember(7)] public required TaskId TaskId { get; init; }

    /// <summary>False for a loss that was planned (drained): it is answered, and leaves the score as it is.</summary>
    [ProtoMember(8)] public bool Counts { get; init; } = true;

    /// <summary>The queue that the task was leased from; null for a task that no queue here holds.</summary>
    [ProtoMember(9)] public QueueName? Queue { get; init; }

    /// <summary>The task's content type.</summary>
    [ProtoMember(10)] public string? ContentType { get; init; }
}

/// <summary>What a worker is worth after a failure was taken in: what the policy decides on.</summary>
[ProtoContract(Name = "failure-taken")]
public sealed record FailureTaken : ITaskMessage
{
    /// <summary>The failure that was taken in.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <inheritdoc />
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The worker, after the failure.</summary>
    [ProtoMember(3)] public required WorkerStanding Worker { get; init; }

    /// <summary>What the worker's record says about its failure of this task.</summary>
    [ProtoMember(4)] public Testimony? Testimony { get; init; }
}

/// <summary>
/// Asks a worker's entity what the worker's record says about its failure of a task. Answer: <see cref="TestimonyGiven"/>, to the
/// coordinator of the task.
/// </summary>
[ProtoContract(Name = "ask-testimony")]
public sealed record AskTestimony : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The task.</summary>
    [ProtoMember(2)] public required TaskId TaskId { get; init; }
}

/// <summary>The answer to <see cref="AskTestimony"/>.</summary>
[ProtoContract(Name = "testimony-given")]
public sealed record TestimonyGiven : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>What the worker's record says.</summary>
    [ProtoMember(2)] public required Testimony Testimony { get; init; }
}

/// <summary>
/// What a worker's recent record says about its failure of one task: how the worker did with other tasks around that time. A worker that
/// succeeds at other work is a witness against the task; one that fails everything it is given is not.
/// </summary>
[ProtoContract]
public sealed record Testimony
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Other tasks in its record that it completed.</summary>
    [ProtoMember(2)] public int Succeeded { get; init; }

    /// <summary>Other tasks in its record that it failed, without those that were excused.</summary>
    [ProtoMember(3)] public int FailedOthers { get; init; }

    /// <summary>The chance that the worker would have failed a good task at that time, 0 to 1 (docs/decisions.md gives the formula).</summary>
    [ProtoMember(4)] public double ChanceOfFailingGoodTask { get; init; }

    /// <summary>Outcomes in its record after the failure: the more there are, the less the chance will still change.</summary>
    [ProtoMember(5)] public int OutcomesSince { get; init; }

    /// <summary>Whether its record still holds the failure.</summary>
    [ProtoMember(6)] public bool Remembers { get; init; }
}

/// <summary>All that the failover policy knows of one worker.</summary>
[ProtoContract]
public sealed record WorkerStanding
{
    /// <summary>The exact record.</summary>
    [ProtoMember(1)] public required WorkerReliabilityScore Score { get; init; }

    /// <summary>False for a worker that was never registered: it is unknown, not gone.</summary>
    [ProtoMember(2)] public bool Registered { get; init; }

    /// <summary>True once it unregistered.</summary>
    [ProtoMember(3)] public bool Unregistered { get; init; }

    /// <summary>How alive it is.</summary>
    [ProtoMember(4)] public Liveness Liveness { get; init; }

    /// <summary>Whether it drains.</summary>
    [ProtoMember(5)] public bool Draining { get; init; }

    /// <summary>What it can take; null for a worker that was never registered.</summary>
    [ProtoMember(6)] public WorkerProfile? Profile { get; init; }
}

/// <summary>
/// Takes failures that turned out to be a task's own off a worker's consecutive count; a breaker that only they opened closes.
/// Answer, once durable: <see cref="FailuresExcused"/>. Idempotent.
/// </summary>
[ProtoContract(Name = "excuse-failures")]
public sealed record ExcuseFailures : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The task whose fault they were.</summary>
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The failures.</summary>
    [ProtoMember(3)] public ImmutableArray<FailureId> Failures { get; init; } = [];
}

/// <summary>The failures no longer count as consecutive.</summary>
[ProtoContract(Name = "failures-excused")]
public sealed record FailuresExcused : ITaskMessage
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <inheritdoc />
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The failures.</summary>
    [ProtoMember(3)] public ImmutableArray<FailureId> Failures { get; init; } = [];
}

/// <summary>
/// The circuit_breaker strategy: opens the worker's breaker for its open time. Answer, once durable:
/// <see cref="BreakerOpenedByStrategy"/>. Idempotent by failure.
/// </summary>
[ProtoContract(Name = "open-breaker-by-strategy")]
public sealed record OpenBreakerByStrategy : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The task whose failure decided it.</summary>
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The failure that decided it.</summary>
    [ProtoMember(3)] public required FailureId FailureId { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(4)] public required string Reason { get; init; }
}

/// <summary>The breaker is open, or was, for that failure.</summary>
[ProtoContract(Name = "breaker-opened-by-strategy")]
public sealed record BreakerOpenedByStrategy : ITaskMessage
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <inheritdoc />
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The failure.</summary>
    [ProtoMember(3)] public required FailureId FailureId { get; init; }
}
