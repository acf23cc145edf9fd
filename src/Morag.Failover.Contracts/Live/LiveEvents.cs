using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Contracts.Live;

/// <summary>
/// An event that is published after a change is durable. Delivery is best effort: read the lists if you must not miss a change.
/// </summary>
public interface ILiveEvent : IWireMessage;

/// <summary>A failure was decided.</summary>
[ProtoContract(Name = "live-decision")]
public sealed record DecisionMade : ILiveEvent
{
    /// <summary>The decision, with its failure.</summary>
    [ProtoMember(1)] public required FailoverDecision Decision { get; init; }
}

/// <summary>A decision was resolved or superseded.</summary>
[ProtoContract(Name = "live-resolved")]
public sealed record DecisionResolved : ILiveEvent
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>The outcome.</summary>
    [ProtoMember(3)] public DecisionOutcome Outcome { get; init; }

    /// <summary>Details of the outcome.</summary>
    [ProtoMember(4)] public string Detail { get; init; } = "";

    /// <summary>When.</summary>
    [ProtoMember(5)] public DateTimeOffset At { get; init; }
}

/// <summary>A worker has leased a task that had failed. For the nodes alone: it is not in the stream of the HTTP API.</summary>
[ProtoContract(Name = "live-recovered")]
public sealed record TaskRecovered : IWireMessage
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>When it failed.</summary>
    [ProtoMember(2)] public DateTimeOffset FailedAt { get; init; }

    /// <summary>When it was leased.</summary>
    [ProtoMember(3)] public DateTimeOffset At { get; init; }
}

/// <summary>A worker's breaker changed.</summary>
[ProtoContract(Name = "live-breaker")]
public sealed record BreakerChanged : ILiveEvent
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The new state.</summary>
    [ProtoMember(2)] public BreakerState State { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(3)] public string Reason { get; init; } = "";

    /// <summary>When.</summary>
    [ProtoMember(4)] public DateTimeOffset At { get; init; }

    /// <summary>Until when it is open.</summary>
    [ProtoMember(5)] public DateTimeOffset? Until { get; init; }
}

/// <summary>A worker changed: registered, suspect, lost, back, draining, unregistered.</summary>
[ProtoContract(Name = "live-worker")]
public sealed record WorkerChanged : ILiveEvent
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>What happened, as one word, such as <c>suspect</c>.</summary>
    [ProtoMember(2)] public required string What { get; init; }

    /// <summary>Details; null if there are none.</summary>
    [ProtoMember(3)] public string? Detail { get; init; }

    /// <summary>When.</summary>
    [ProtoMember(4)] public DateTimeOffset At { get; init; }
}

/// <summary>An alert was raised, changed, acknowledged or resolved.</summary>
[ProtoContract(Name = "live-alert")]
public sealed record AlertChanged : ILiveEvent
{
    /// <summary>The alert as it is now.</summary>
    [ProtoMember(1)] public required Alert Alert { get; init; }
}
