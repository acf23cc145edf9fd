using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>A failure was decided: the failure, the decision, and what is owed of it, in one.</summary>
[ProtoContract(Name = "failover.failure-decided")]
public sealed record FailureDecided : IStoredEvent
{
    /// <summary>The decision with its failure; every random draw is among its facts.</summary>
    [ProtoMember(1)] public required FailoverDecision Decision { get; init; }

    /// <summary>What the queue has to do; null for tasks that no queue here holds.</summary>
    [ProtoMember(2)] public Reassign? Reassign { get; init; }

    /// <summary>The breaker that has to open.</summary>
    [ProtoMember(3)] public OpenBreakerByStrategy? OpenBreaker { get; init; }

    /// <summary>The failures that workers have to excuse, one message for each worker.</summary>
    [ProtoMember(4)] public ImmutableArray<ExcuseFailures> Excuses { get; init; } = [];

    /// <summary>The names that reporters gave the failure until now.</summary>
    [ProtoMember(5)] public ImmutableArray<EventId> Names { get; init; } = [];

    /// <summary>Whether the failure says nothing about the task.</summary>
    [ProtoMember(6)] public bool ExcludedFromBudgets { get; init; }
}

/// <summary>The queue answered what became of a decision's action.</summary>
[ProtoContract(Name = "failover.decision-carried-out")]
public sealed record DecisionCarriedOut : IStoredEvent
{
    /// <summary>The failure that was decided.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>True: carried out. False: superseded.</summary>
    [ProtoMember(2)] public bool Applied { get; init; }

    /// <summary>Where the task went, or what came first, in words.</summary>
    [ProtoMember(3)] public string Detail { get; init; } = "";

    /// <summary>When the answer came.</summary>
    [ProtoMember(4)] public DateTimeOffset At { get; init; }
}

/// <summary>A worker's entity opened the breaker that a decision asked for.</summary>
[ProtoContract(Name = "failover.breaker-opening-taken")]
public sealed record BreakerOpeningTaken : IStoredEvent
{
    /// <summary>The failure that was decided.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }
}

/// <summary>A worker's entity excused the failures that a decision named.</summary>
[ProtoContract(Name = "failover.excuse-taken")]
public sealed record ExcuseTaken : IStoredEvent
{
    /// <summary>The failure that was decided.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>The worker that excused its failures.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
}

/// <summary>A decision to park was taken back: the workers whose failures it rested on turned out to be at fault.</summary>
[ProtoContract(Name = "failover.park-taken-back")]
public sealed record ParkTakenBack : IStoredEvent
{
    /// <summary>The failure whose decision parked the task.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>The decision that takes it back.</summary>
    [ProtoMember(2)] public required FailoverDecision Decision { get; init; }
}

/// <summary>The queue answered what became of taking back a decision to park.</summary>
[ProtoContract(Name = "failover.unpark-carried-out")]
public sealed record UnparkCarriedOut : IStoredEvent
{
    /// <summary>The failure whose decision parked the task.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>True: the task is queued again. False: superseded.</summary>
    [ProtoMember(2)] public bool Applied { get; init; }

    /// <summary>Where the task is, in words.</summary>
    [ProtoMember(3)] public string Detail { get; init; } = "";

    /// <summary>When the answer came.</summary>
    [ProtoMember(4)] public DateTimeOffset At { get; init; }
}

/// <summary>A task went on after its last failure: it is no longer parked, or it succeeded.</summary>
[ProtoContract(Name = "failover.went-on")]
public sealed record WentOn : IStoredEvent
{
    /// <summary>The last failure of the task.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>Whether the task succeeded: then the decision about the failure held.</summary>
    [ProtoMember(2)] public bool Succeeded { get; init; }
}

/// <summary>One more report of a failure that was already decided.</summary>
[ProtoContract(Name = "failover.report-attached")]
public sealed record ReportAttached : IStoredEvent
{
    /// <summary>The failure.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>The reporter's name for it, where it is one more.</summary>
    [ProtoMember(2)] public EventId? Name { get; init; }
}

/// <summary>A report that changed nothing, since what it named no longer holds the task.</summary>
[ProtoContract(Name = "failover.stale-report-recorded")]
public sealed record StaleReportRecorded : IStoredEvent
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The report.</summary>
    [ProtoMember(2)] public required StaleReport Report { get; init; }
}

/// <summary>History that is too old or too much was forgotten; what is owed never is, and the counters stay.</summary>
[ProtoContract(Name = "failover.history-forgotten")]
public sealed record HistoryForgotten : IStoredEvent
{
    /// <summary>The failures, oldest first.</summary>
    [ProtoMember(1)] public ImmutableArray<FailureId> Failures { get; init; } = [];

    /// <summary>Stale reports from before this time are forgotten too.</summary>
    [ProtoMember(2)] public DateTimeOffset StaleReportsBefore { get; init; }
}
