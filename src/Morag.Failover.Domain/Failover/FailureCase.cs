using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>All that one decision is made from: nothing else enters it, so that the same case always gives the same decision.</summary>
public sealed record FailureCase
{
    /// <summary>The failure's lasting id.</summary>
    public required FailureId FailureId { get; init; }

    /// <summary>What failed, as it was reported; not resolved.</summary>
    public required FailureEvent Failure { get; init; }

    /// <summary>The lease that ended; none for tasks held elsewhere.</summary>
    public LeaseEpoch Epoch { get; init; }

    /// <summary>The loss that it is part of, where a worker was lost with several tasks.</summary>
    public LossId? LossId { get; init; }

    /// <summary>Whether the loss was planned (an operator, a drain).</summary>
    public bool Planned { get; init; }

    /// <summary>Whether no lease ended but nobody could take the task for too long.</summary>
    public bool Unserved { get; init; }

    /// <summary>What is known of the task from before this failure.</summary>
    public required TaskPast Task { get; init; }

    /// <summary>The worker after it took this failure in; null where no worker is named.</summary>
    public WorkerStanding? Worker { get; init; }

    /// <summary>What the records of the workers that failed the task say, this one's included, as far as they answered.</summary>
    public ImmutableArray<Testimony> Testimonies { get; init; } = [];

    /// <summary>Failures of this task that were decided before and are still kept, 0 or more.</summary>
    public int EarlierFailures { get; init; }

    /// <summary>What came of earlier decisions.</summary>
    public StrategyRecords Records { get; init; } = StrategyRecords.Empty;

    /// <summary>The fleet as last heard of.</summary>
    public FleetView Fleet { get; init; } = FleetView.Empty;

    /// <summary>The random draw for the jitter, 0 to below 1.</summary>
    public double JitterDraw { get; init; }

    /// <summary>The time of the decision.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The kind of failure.</summary>
    internal FailureType Type => Failure.FailureType;

    /// <summary>Whether the kind of failure is the task's own, and not that of a worker or the network.</summary>
    internal bool IsTaskFault => !Unserved && FailureTypes.Of(Type).IsTaskFault;

    /// <summary>What the testimonies make of those workers.</summary>
    internal ImmutableArray<Witness> Witnesses { get; init; } = [];

    /// <summary>Whether the failure, though of a task's own kind, is its worker's fault: the worker fails everything it is given.</summary>
    internal bool IsWorkersFault => Witnesses.Any(witness => witness.Verdict == WitnessVerdict.Suspect && witness.WorkerId == Failure.WorkerId);

    /// <summary>Earlier failures of the task's own kinds that are known, as of this one, to be their workers' fault.</summary>
    internal int EarlierWorkersFault => Failover.Witnesses.WorkersFault(Witnesses).Count(id => id != FailureId);

    /// <summary>Earlier failures that were blamed on their workers and, as of this one, count against the task after all.</summary>
    internal int EarlierCleared => Failover.Witnesses.Cleared(Witnesses, Task.History).Length;

    /// <summary>Whether the failure counts against the task itself.</summary>
    internal bool CountsAgainstTask => IsTaskFault && !IsWorkersFault;

    /// <summary>Whether the worker's breaker is open.</summary>
    internal bool BreakerOpen => Worker is { Score.CircuitBreakerActive: true };

    /// <summary>The worker's failures since its last success, this one included.</summary>
    internal int ConsecutiveFailures => Worker?.Score.ConsecutiveFailures ?? 0;

    /// <summary>The worker's name for texts.</summary>
    internal string WorkerName => Failure.WorkerId?.Value ?? "the worker";
}
