using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Client;

/// <summary>
/// Selects live events. A field that is null matches every event. A <see cref="LiveGap"/> and a <see cref="LiveUnknown"/> always match.
/// </summary>
public sealed record LiveEventFilter
{
    /// <summary>Only events of this task. Changes of workers and breakers are not about a task.</summary>
    public TaskId? Task { get; init; }

    /// <summary>Only events of this worker. A <see cref="LiveResolved"/> names none.</summary>
    public WorkerId? Worker { get; init; }

    internal bool Matches(LiveEvent live) => live switch
    {
        LiveFailure { Failure: var failure } => Matches(failure.TaskId, failure.WorkerId),
        LiveDecision { Decision: var decision } => Matches(decision.TaskId, decision.FailureEvent.WorkerId),
        LiveResolved { Resolved: var resolved } => Matches(resolved.TaskId, null),
        LiveBreaker { Change: var change } => Matches(null, change.WorkerId),
        LiveWorker { Change: var change } => Matches(null, change.WorkerId),
        LiveUnknown or LiveGap => true,
        _ => throw new ArgumentOutOfRangeException(nameof(live), live, "no filter is defined for this event"),
    };

    private bool Matches(TaskId? task, WorkerId? worker) => (Task is null || Task == task) && (Worker is null || Worker == worker);
}
