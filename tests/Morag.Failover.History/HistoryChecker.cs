namespace Morag.Failover.History;

/// <summary>
/// Finds what a history breaks. It knows only what was recorded, so it serves simulations and runs of real processes alike.
/// </summary>
public sealed class HistoryChecker
{
    /// <summary>How long a worker must have been able to reach a node before its loss is somebody else's fault.</summary>
    public TimeSpan WitnessedFor { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a lease may be on its way to a worker that can be reached, once the faults have ended.</summary>
    public TimeSpan DeliveredWithin { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The rules to check; all unless it is set.</summary>
    public IReadOnlySet<Rule> Rules { get; init; } = new HashSet<Rule>(Enum.GetValues<Rule>());

    /// <summary>Every violation, in the order of time.</summary>
    public IReadOnlyList<Violation> Check(IReadOnlyList<Happening> history) =>
    [
        .. TaskRules.Check(history)
            .Concat(CancellationRules.Check(history))
            .Concat(LeaseRules.Check(history))
            .Concat(DecisionRules.Check(history))
            .Concat(WorkerRules.Check(history, WitnessedFor))
            .Concat(DeliveryRules.Check(history, DeliveredWithin))
            .Concat(HeldLeaseRules.Check(history, WitnessedFor))
            .Concat(StatisticsRules.Check(history))
            .Where(violation => Rules.Contains(violation.Rule))
            .OrderBy(violation => violation.At),
    ];
}
