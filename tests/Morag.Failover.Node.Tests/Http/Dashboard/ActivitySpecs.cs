using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Node.Http.Dashboard;

namespace Morag.Failover.Node.Tests.Http.Dashboard;

/// <summary>What the charts count, and when open pages are told to load themselves again.</summary>
public sealed class ActivitySpecs
{
    private static readonly DateTimeOffset Start = GoodOwners.Time;

    [Fact]
    public void Should_signal_a_change_at_once_and_the_passing_of_time_every_ten_seconds()
    {
        var signal = new ChangeSignal();

        Assert.True(signal.IsDue(hasChanged: true, Start));
        Assert.False(signal.IsDue(hasChanged: false, Start + TimeSpan.FromSeconds(9)));
        Assert.True(signal.IsDue(hasChanged: false, Start + TimeSpan.FromSeconds(10)));
        Assert.False(signal.IsDue(hasChanged: false, Start + TimeSpan.FromSeconds(19)));
        Assert.True(signal.IsDue(hasChanged: true, Start + TimeSpan.FromSeconds(19)));
    }

    [Fact]
    public void Should_count_a_failure_around_the_start_once_although_it_is_stored_and_announced()
    {
        var early = new EarlyDecisions(Start);
        var decision = Decision(Start - TimeSpan.FromSeconds(2), Start + TimeSpan.FromSeconds(1));

        Assert.True(early.IsNew(decision));
        Assert.False(early.IsNew(decision));
    }

    [Fact]
    public void Should_measure_the_recovery_of_a_task_that_runs_again_and_not_of_one_that_is_parked()
    {
        var recoveries = new PendingRecoveries();
        var again = Decision(Start, Start);
        var parked = Parked(again) with { DecisionMetadata = again.DecisionMetadata with { FailureId = new("f-parked") } };
        recoveries.Await(again);
        recoveries.Await(parked);

        Assert.Equal(3, recoveries.Resolve(Resolved(again)));
        Assert.Null(recoveries.Resolve(Resolved(parked)));
        Assert.Null(StoredDecisions.RecoveryOf(Stored(parked)));
        Assert.Equal(3, StoredDecisions.RecoveryOf(Stored(again))!.Value.Seconds);
    }

    private static DecisionResolved Resolved(FailoverDecision decision) => new()
    {
        TaskId = decision.TaskId,
        FailureId = decision.DecisionMetadata.FailureId,
        Outcome = DecisionOutcome.Resolved,
        At = Start + TimeSpan.FromSeconds(3),
    };

    private static FailoverDecision Stored(FailoverDecision decision) => decision with
    {
        FailureEvent = decision.FailureEvent with { ResolvedAt = Start + TimeSpan.FromSeconds(3) },
        DecisionMetadata = decision.DecisionMetadata with { Outcome = DecisionOutcome.Resolved },
    };

    private static FailoverDecision Parked(FailoverDecision decision) => decision with
    {
        SelectedAction = decision.SelectedAction with { Strategy = FailoverStrategy.ManualIntervention },
    };

    private static FailoverDecision Decision(DateTimeOffset failed, DateTimeOffset decided)
    {
        var decision = GoodOwners.Decision("t-1", failed);
        return decision with { DecisionMetadata = decision.DecisionMetadata with { DecidedAt = decided } };
    }
}
