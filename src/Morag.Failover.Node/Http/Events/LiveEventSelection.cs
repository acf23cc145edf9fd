using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Http.Events;

/// <summary>Which live events a reader wants. Parts that are not given let every event through.</summary>
internal sealed record LiveEventSelection
{
    private static readonly string[] Kinds =
    [
        LiveEventNames.Failure, LiveEventNames.Decision, LiveEventNames.Resolved, LiveEventNames.Breaker, LiveEventNames.Worker,
        LiveEventNames.Alert,
    ];

    /// <summary>The kinds, such as <c>decision</c>; empty for all.</summary>
    public IReadOnlyList<string> Events { get; init; } = [];

    /// <summary>The type of failure of failures and decisions.</summary>
    public FailureType? Type { get; init; }

    /// <summary>The worker.</summary>
    public WorkerId? Worker { get; init; }

    /// <summary>The task.</summary>
    public TaskId? Task { get; init; }

    /// <summary>Reads it from a query.</summary>
    public static LiveEventSelection Of(string? events, string? type, string? worker, string? task)
    {
        string[] kinds = (events ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Array.Find(kinds, kind => !Kinds.Contains(kind)) is null
            ? new LiveEventSelection
            {
                Events = kinds,
                Type = Rules.OptionalEnum<FailureType>(type, "type"),
                Worker = Rules.OptionalId<WorkerId>(worker, "worker"),
                Task = Rules.OptionalId<TaskId>(task, "task"),
            }
            : throw ProblemException.Invalid("events", $"must be a list of {string.Join(", ", Kinds)}, separated by commas");
    }

    /// <summary>Whether the reader wants an event, apart from its kind.</summary>
    public bool Includes(ILiveEvent happened) => happened switch
    {
        DecisionMade { Decision.FailureEvent: var failure } => Includes(failure.WorkerId, failure.TaskId, failure.FailureType),
        DecisionResolved resolved => Includes(null, resolved.TaskId, null),
        BreakerChanged changed => Includes(changed.WorkerId, null, null),
        WorkerChanged changed => Includes(changed.WorkerId, null, null),
        AlertChanged => Includes(null, null, null),
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened.GetType(), "There is no such live event."),
    };

    /// <summary>Whether the reader wants events of a kind.</summary>
    public bool Includes(string kind) => Events.Count == 0 || Events.Contains(kind);

    // An event without a worker, a task or a type is not one of the wanted one.
    private bool Includes(WorkerId? worker, TaskId? task, FailureType? type) =>
        (Worker is null || Worker == worker) && (Task is null || Task == task) && (Type is null || Type == type);
}
