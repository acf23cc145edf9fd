using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>The queue carried a decision out, or found it superseded.</summary>
[ProtoContract(Name = "failover.decision-carried-out")]
public sealed record DecisionCarriedOut : IStoredEvent
{
    /// <summary>The failure that was decided.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>True if it was carried out, false if it was superseded.</summary>
    [ProtoMember(2)] public bool Applied { get; init; }

    /// <summary>Where the task went, or what superseded the decision, for operators.</summary>
    [ProtoMember(3)] public string Detail { get; init; } = "";

    /// <summary>When the answer came.</summary>
    [ProtoMember(4)] public DateTimeOffset At { get; init; }
}

/// <summary>A worker's entity opened the breaker that a decision asked for.</summary>
[ProtoContract(Name = "failover.breaker-opening-acknowledged")]
public sealed record BreakerOpeningAcknowledged : IStoredEvent
{
    /// <summary>The failure that was decided.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }
}

/// <summary>A worker's entity excused the failures that a decision named.</summary>
[ProtoContract(Name = "failover.excuse-acknowledged")]
public sealed record ExcuseAcknowledged : IStoredEvent
{
    /// <summary>The failure that was decided.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>The worker that excused its failures.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
}

/// <content>How acknowledgements of decisions change the state.</content>
public sealed partial record CoordinatorState
{
    private CoordinatorState CarriedOut(DecisionCarriedOut outcome)
    {
        if (Find(outcome.FailureId) is not { } failure)
        {
            return this;
        }

        var decision = failure.Decision;
        var carriedOut = decision with
        {
            FailureEvent = outcome.Applied
                ? decision.FailureEvent with
                {
                    Resolved = true,
                    ResolvedAt = outcome.At,
                    ResolutionStrategy = decision.SelectedAction.Strategy,
                }
                : decision.FailureEvent,
            DecisionMetadata = decision.DecisionMetadata with
            {
                Outcome = outcome.Applied ? DecisionOutcome.Resolved : DecisionOutcome.Superseded,
                OutcomeDetail = outcome.Detail,
            },
        };
        var settled = Settled(outcome.FailureId, kept => kept with { Decision = carriedOut, Reassign = null });
        return outcome.Applied
            ? settled with { Records = settled.Records.Tried(decision.FailureEvent.FailureType, decision.SelectedAction.Strategy) }
            : settled;
    }

    private CoordinatorState BreakerOpened(BreakerOpeningAcknowledged taken) =>
        Settled(taken.FailureId, failure => failure with { OpenBreaker = null });

    private CoordinatorState Excused(ExcuseAcknowledged taken) => Settled(
        taken.FailureId, failure => failure with { Excuses = failure.Excuses.RemoveAll(excuse => excuse.WorkerId == taken.WorkerId) });
}
