using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>Everything that one decision is made from, so that the same case always gives the same decision.</summary>
public sealed record FailureCase
{
    /// <summary>The failure's lasting id.</summary>
    public required FailureId FailureId { get; init; }

    /// <summary>The failure as it was reported.</summary>
    public required FailureEvent Failure { get; init; }

    /// <summary>The lease that ended; none for a task that no queue holds.</summary>
    public LeaseEpoch Epoch { get; init; }

    /// <summary>The loss of a worker that the failure is part of.</summary>
    public LossId? LossId { get; init; }

    /// <summary>Whom that loss counts against.</summary>
    public LossBlame Blame { get; init; }

    /// <summary>Whether no lease ended, but no available worker took the task in time.</summary>
    public bool Unserved { get; init; }

    /// <summary>What is known of the task from before this failure.</summary>
    public required TaskPast Task { get; init; }

    /// <summary>The worker after its entity counted this failure; null when no worker is named.</summary>
    public WorkerStanding? Worker { get; init; }

    /// <summary>The records of the workers that failed the task, including this one, as far as they arrived in time.</summary>
    public ImmutableArray<Testimony> Testimonies { get; init; } = [];

    /// <summary>The number of earlier failures of this task that are kept.</summary>
    public int EarlierFailures { get; init; }

    /// <summary>How well each strategy has worked.</summary>
    public StrategyRecords Records { get; init; } = StrategyRecords.Empty;

    /// <summary>The fleet as last heard of.</summary>
    public FleetView Fleet { get; init; } = FleetView.Empty;

    /// <summary>The random draw for the jitter, 0 to below 1.</summary>
    public double JitterDraw { get; init; }

    /// <summary>The time of the decision.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The type of failure.</summary>
    internal FailureType Type => Failure.FailureType;

    /// <summary>Whether it is part of a loss that counts against nobody.</summary>
    internal bool IsBlameless => Blame != LossBlame.Worker;

    /// <summary>Whether the task is presumed to be at fault, and not a worker or the network.</summary>
    internal bool IsTaskFault => !Unserved && FailureTypes.Of(Type).IsTaskFault;

    /// <summary>The workers that failed the task, judged by their records.</summary>
    internal ImmutableArray<Witness> Witnesses { get; init; } = [];

    /// <summary>Whether the worker is at fault all the same, because it fails every task.</summary>
    internal bool IsWorkersFault =>
        Witnesses.Any(witness => witness.Verdict == WitnessVerdict.Suspect && witness.WorkerId == Failure.WorkerId);

    /// <summary>Earlier failures that this decision attributes to their workers.</summary>
    internal int EarlierWorkersFault => Failover.Witnesses.WorkersFault(Witnesses).Count(id => id != FailureId);

    /// <summary>Earlier failures that were attributed to their workers, and that this decision counts against the task after all.</summary>
    internal int EarlierCleared => Failover.Witnesses.Cleared(Witnesses, Task.History).Length;

    /// <summary>Whether the failure uses the task's own budget.</summary>
    internal bool CountsAgainstTask => IsTaskFault && !IsWorkersFault;

    /// <summary>Whether the worker's breaker is open.</summary>
    internal bool BreakerOpen => Worker is { Score.CircuitBreakerActive: true };

    /// <summary>The worker's failures since its last success, this one included.</summary>
    internal int ConsecutiveFailures => Worker?.Score.ConsecutiveFailures ?? 0;

    /// <summary>The worker, for texts.</summary>
    internal string WorkerName => Failure.WorkerId?.Value ?? "the worker";
}
