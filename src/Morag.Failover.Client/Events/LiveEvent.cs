using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;

namespace Morag.Failover.Client;

/// <summary>Something that has just happened in the cluster, as <see cref="IMoragClient.ReadEventsAsync"/> yields it.</summary>
public abstract record LiveEvent
{
    private protected LiveEvent()
    {
    }

    /// <summary>Its name in the HTTP API (<see cref="LiveEventNames"/>), or <c>gap</c> for a <see cref="LiveGap"/>.</summary>
    public abstract string Name { get; }
}

/// <summary>A failure was reported or noticed. The <see cref="LiveDecision"/> about it follows.</summary>
public sealed record LiveFailure : LiveEvent
{
    /// <inheritdoc />
    public override string Name => LiveEventNames.Failure;

    /// <summary>The failure.</summary>
    public required FailureEvent Failure { get; init; }
}

/// <summary>A failure was decided.</summary>
public sealed record LiveDecision : LiveEvent
{
    /// <inheritdoc />
    public override string Name => LiveEventNames.Decision;

    /// <summary>The decision, with its failure.</summary>
    public required FailoverDecision Decision { get; init; }
}

/// <summary>A decision was resolved or superseded.</summary>
public sealed record LiveResolved : LiveEvent
{
    /// <inheritdoc />
    public override string Name => LiveEventNames.Resolved;

    /// <summary>The task, the failure and the outcome.</summary>
    public required DecisionResolved Resolved { get; init; }
}

/// <summary>The breaker of a worker changed.</summary>
public sealed record LiveBreaker : LiveEvent
{
    /// <inheritdoc />
    public override string Name => LiveEventNames.Breaker;

    /// <summary>The worker and the new state.</summary>
    public required BreakerChanged Change { get; init; }
}

/// <summary>A worker changed: registered, suspect, lost, back, draining, unregistered.</summary>
public sealed record LiveWorker : LiveEvent
{
    /// <inheritdoc />
    public override string Name => LiveEventNames.Worker;

    /// <summary>The worker, and what happened.</summary>
    public required WorkerChanged Change { get; init; }
}

/// <summary>An alert was raised, changed, acknowledged or resolved.</summary>
public sealed record LiveAlert : LiveEvent
{
    /// <inheritdoc />
    public override string Name => LiveEventNames.Alert;

    /// <summary>The alert as it is now.</summary>
    public required Alert Alert { get; init; }
}

/// <summary>An event that this version of the client cannot read, because a newer node sent it.</summary>
public sealed record LiveUnknown : LiveEvent
{
    /// <inheritdoc />
    public override string Name => Kind;

    /// <summary>Its name in the HTTP API.</summary>
    public required string Kind { get; init; }

    /// <summary>Its data as the node sent it, which is JSON unless the node is at fault.</summary>
    public required string Data { get; init; }

    /// <summary>Why the data cannot be read; null if this version does not know the name.</summary>
    public string? Problem { get; init; }
}

/// <summary>
/// The events that follow are live, and those before may be missing. It is the first event of all, and comes again whenever the stream was
/// interrupted. Read the lists after it for what was missed.
/// </summary>
public sealed record LiveGap : LiveEvent
{
    /// <inheritdoc />
    public override string Name => "gap";

    /// <summary>Whether nothing was read before.</summary>
    public bool IsStart { get; init; }

    /// <summary>Why events may be missing.</summary>
    public required string Reason { get; init; }
}
