using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>A decision to park a task was reversed, because the workers that failed the task turned out to be at fault.</summary>
[ProtoContract(Name = "failover.park-reversed")]
public sealed record ParkReversed : IStoredEvent
{
    /// <summary>The failure whose decision parked the task.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>The decision that reverses it.</summary>
    [ProtoMember(2)] public required FailoverDecision Decision { get; init; }
}

/// <summary>The queue answered an order to unpark a task.</summary>
[ProtoContract(Name = "failover.unpark-carried-out")]
public sealed record UnparkCarriedOut : IStoredEvent
{
    /// <summary>The failure whose decision parked the task.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>True if the task is queued again, false if something else happened to it first.</summary>
    [ProtoMember(2)] public bool Applied { get; init; }

    /// <summary>Where the task is now, for operators.</summary>
    [ProtoMember(3)] public string Detail { get; init; } = "";

    /// <summary>When the answer came.</summary>
    [ProtoMember(4)] public DateTimeOffset At { get; init; }
}

/// <summary>A task succeeded after its last failure, or is no longer parked.</summary>
[ProtoContract(Name = "failover.task-progressed")]
public sealed record TaskProgressed : IStoredEvent
{
    /// <summary>The last failure of the task.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>Whether the task succeeded, so that the decision about the failure worked.</summary>
    [ProtoMember(2)] public bool Succeeded { get; init; }
}

/// <content>How reviews of parked tasks, and tasks that progressed, change the state.</content>
public sealed partial record CoordinatorState
{
    private CoordinatorState Reverse(ParkReversed reversed) =>
        Settled(reversed.FailureId, failure => failure with { Reversal = reversed.Decision });

    private CoordinatorState Unparked(UnparkCarriedOut outcome) =>
        Settled(outcome.FailureId, failure => failure with { Reversal = WithOutcome(failure.Reversal, outcome) });

    private CoordinatorState Progress(TaskProgressed progressed)
    {
        if (Find(progressed.FailureId) is not { } failure)
        {
            return this;
        }

        var counts = progressed.Succeeded && !failure.Held && failure.Reversal is null && WasTried(failure.Decision);
        return Settled(failure.Id, kept => kept with { HasProgressed = true, Held = kept.Held || progressed.Succeeded }) with
        {
            Records = counts ? Records.Held(failure.Decision.FailureEvent.FailureType, failure.Decision.SelectedAction.Strategy) : Records,
        };
    }

    private static FailoverDecision? WithOutcome(FailoverDecision? reversal, UnparkCarriedOut outcome)
    {
        if (reversal is null)
        {
            return null;
        }

        var failure = reversal.FailureEvent;
        return reversal with
        {
            FailureEvent = outcome.Applied
                ? failure with { Resolved = true, ResolvedAt = outcome.At, ResolutionStrategy = reversal.SelectedAction.Strategy }
                : failure,
            DecisionMetadata = reversal.DecisionMetadata with
            {
                Outcome = outcome.Applied ? DecisionOutcome.Resolved : DecisionOutcome.Superseded,
                OutcomeDetail = outcome.Detail,
            },
        };
    }
}
