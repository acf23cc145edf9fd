namespace Morag.Failover.History;

/// <summary>What must hold in every history.</summary>
public enum Rule
{
    /// <summary>A task that was acknowledged exists until it ends.</summary>
    NoTaskIsLost = 1,

    /// <summary>Of all completions of a task, those under at most one lease are accepted.</summary>
    OneCompletionCounts = 2,

    /// <summary>A task has at most one lease at a time.</summary>
    OneLeaseIsValid = 3,

    /// <summary>The epochs of a partition only grow.</summary>
    EpochsGrow = 4,

    /// <summary>A failure is decided once, and its decision is carried out at most once.</summary>
    OneDecisionForEachFailure = 5,

    /// <summary>A worker gets no lease while its breaker is open, except one that its repeated call was granted before.</summary>
    NoLeaseWhileBreakerIsOpen = 6,

    /// <summary>Statistics say what the stored events say.</summary>
    StatisticsCountEvents = 7,

    /// <summary>No worker is declared lost that was alive and could reach a live node.</summary>
    NoReachableWorkerIsBlamed = 8,

    /// <summary>When the faults stop, each task ends, or says what it waits for.</summary>
    EveryTaskEnds = 9,

    /// <summary>When the faults have stopped, a lease reaches its worker or ends; it does not wait for its deadline.</summary>
    NoLeaseIsForgotten = 10,

    /// <summary>A lease that its worker received is not taken away while the worker is alive and reaches a node.</summary>
    HeldLeasesAreKept = 11,

    /// <summary>A task whose cancellation was acknowledged is not leased again, and no completion of it is accepted.</summary>
    CancelledTasksStayCancelled = 12,
}

/// <summary>A rule that a history breaks, and where.</summary>
public sealed record Violation(Rule Rule, TimeSpan At, string What)
{
    /// <inheritdoc />
    public override string ToString() => $"{Rule} at {At}: {What}";
}
