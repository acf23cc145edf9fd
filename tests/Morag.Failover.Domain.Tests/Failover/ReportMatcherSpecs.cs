using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Owners;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;
using static Morag.Failover.Domain.Tests.Failover.Cases;

namespace Morag.Failover.Domain.Tests.Failover;

/// <summary>Which failure a report is about, and what becomes of it.</summary>
public sealed class ReportMatcherSpecs
{
    private static readonly TaskId Task = Cases.Task;
    private static readonly FailureId Fresh = new("r-fresh");
    private static readonly EventId Name = new("crash-1");

    private static readonly ReportFailure Report = new() { TaskId = Task, WorkerId = A, FailureType = FailureType.ProcessingError };

    private static readonly LeaseFailure Lease = new()
    {
        FailureId = FailureIds.OfLease(Task, new(7)),
        TaskId = Task,
        Epoch = new(7),
        WorkerId = A,
        FailureType = FailureType.ProcessingError,
        Facts = Facts,
    };

    private static readonly EndLeaseReply Ended = new() { TaskId = Task, Ending = EndLeaseResult.Ended, Failure = Lease };
    private static readonly EndLeaseReply EndedBefore = new()
    {
        TaskId = Task,
        Ending = EndLeaseResult.EndedBefore,
        FailureId = Lease.FailureId,
    };

    private static readonly EndLeaseReply NotHeld = new() { TaskId = Task, Ending = EndLeaseResult.NotHeld };

    [Fact]
    public void Should_refuse_a_report_when_it_breaks_a_rule()
    {
        var answer = ReportMatcher.Answer(CoordinatorState.Empty, Report with { TaskId = default }, 0, Defaults.Policy);

        Assert.Equal(RefusalReason.Invalid, Assert.IsType<Refused>(answer!.Value.Reply).Reason);
        Assert.Null(answer.Value.Event);
    }

    [Fact]
    public void Should_refuse_a_report_when_too_many_failures_are_being_decided()
    {
        var max = Defaults.Policy.MaxInProgress;

        Assert.Null(ReportMatcher.Answer(CoordinatorState.Empty, Report, max - 1, Defaults.Policy));
        var refused = Assert.IsType<Refused>(ReportMatcher.Answer(CoordinatorState.Empty, Report, max, Defaults.Policy)!.Value.Reply);
        Assert.Contains("max-in-progress", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_answer_with_the_decision_when_the_event_id_was_used_before()
    {
        var state = Decided(OpenFailure.OfLease(Lease).WithName(Name));

        var answer = ReportMatcher.Answer(state, Report with { EventId = Name }, 0, Defaults.Policy)!.Value;

        Assert.Equal(new ReportAttached { FailureId = Lease.FailureId }, answer.Event);
        var decision = Assert.IsType<FailoverDecision>(answer.Reply);
        Assert.Equal((Lease.FailureId, 1), (decision.DecisionMetadata.FailureId, decision.DecisionMetadata.AttachedReports));
    }

    [Fact]
    public void Should_ask_the_queue_when_the_event_id_was_used_for_another_lease()
    {
        var state = Decided(OpenFailure.OfLease(Lease).WithName(Name));

        Assert.Null(ReportMatcher.Answer(state, Report with { EventId = Name, Epoch = new(8) }, 0, Defaults.Policy));
        Assert.NotNull(ReportMatcher.Answer(state, Report with { EventId = Name, Epoch = new(7) }, 0, Defaults.Policy));
    }

    [Fact]
    public void Should_stop_counting_reports_when_a_failure_has_a_thousand()
    {
        var state = Decided(OpenFailure.OfLease(Lease).WithName(Name));
        for (var report = 0; report < 1_000; report++)
        {
            state = state.Apply(ReportMatcher.Answer(state, Report with { EventId = Name }, 0, Defaults.Policy)!.Value.Event!);
        }

        var answer = ReportMatcher.Answer(state, Report with { EventId = Name }, 0, Defaults.Policy)!.Value;

        Assert.Null(answer.Event);
        Assert.Equal(1_000, Assert.IsType<FailoverDecision>(answer.Reply).DecisionMetadata.AttachedReports);
    }

    [Fact]
    public void Should_open_a_failure_when_the_report_ended_its_lease()
    {
        var match = Match(CoordinatorState.Empty, OpenFailures.None, Report with { EventId = Name }, Ended);

        Assert.True(match.IsNew);
        Assert.Null(match.Answer);
        Assert.Equal(Lease.FailureId, match.Failure!.Id);
        Assert.Equal(Name, Assert.Single(match.Failure.Names));
        Assert.Equal(0, match.Failure.JoinedReports);
    }

    [Fact]
    public void Should_join_an_open_failure_when_the_report_is_about_the_same_lease()
    {
        var open = OpenFailures.None.With(OpenFailure.OfLease(Lease));

        foreach (var reply in new[] { Ended, EndedBefore })
        {
            var match = Match(CoordinatorState.Empty, open, Report with { EventId = Name }, reply);

            Assert.False(match.IsNew);
            Assert.Equal((Lease.FailureId, 1), (match.Failure!.Id, match.Failure.JoinedReports));
            Assert.Equal(Name, Assert.Single(match.Failure.Names));
        }
    }

    [Fact]
    public void Should_attach_the_report_when_its_failure_is_decided()
    {
        var state = Decided(OpenFailure.OfLease(Lease));

        foreach (var reply in new[] { Ended, EndedBefore })
        {
            var match = Match(state, OpenFailures.None, Report with { EventId = Name }, reply);

            Assert.Null(match.Failure);
            Assert.Equal(new ReportAttached { FailureId = Lease.FailureId, Name = Name }, match.Answer!.Value.Event);
        }
    }

    [Fact]
    public void Should_record_a_stale_report_when_the_decision_is_forgotten() =>
        Stale(Match(CoordinatorState.Empty, OpenFailures.None, Report, EndedBefore), "no longer kept");

    [Fact]
    public void Should_record_a_stale_report_when_the_lease_no_longer_holds_the_task() => Stale(
        Match(
            CoordinatorState.Empty,
            OpenFailures.None,
            Report,
            new EndLeaseReply { TaskId = Task, Ending = EndLeaseResult.Stale, Detail = "worker-b holds it" }),
        "worker-b holds it");

    [Fact]
    public void Should_record_a_stale_report_when_a_lease_holder_reports_a_task_that_no_queue_holds() =>
        Stale(Match(CoordinatorState.Empty, OpenFailures.None, Report with { Source = ReportSource.LeaseHolder }, NotHeld), "no queue");

    [Fact]
    public void Should_open_a_failure_when_an_observer_reports_a_task_that_no_queue_holds()
    {
        var unnamed = Match(CoordinatorState.Empty, OpenFailures.None, Report, NotHeld);
        var named = Match(CoordinatorState.Empty, OpenFailures.None, Report with { EventId = Name }, NotHeld);

        Assert.Equal((true, Fresh), (unnamed.IsNew, unnamed.Failure!.Id));
        Assert.Equal((true, FailureIds.OfReport(Task, Name)), (named.IsNew, named.Failure!.Id));
        Assert.Equal(Noon, named.Failure.Failure.OccurredAt);

        var again = Match(CoordinatorState.Empty, OpenFailures.None.With(named.Failure), Report with { EventId = Name }, NotHeld);
        Assert.Equal((false, 1), (again.IsNew, again.Failure!.JoinedReports));
    }

    [Fact]
    public void Should_fail_when_the_queue_gives_an_answer_that_this_version_does_not_know() => Assert.Throws<ArgumentOutOfRangeException>(
        () => Match(CoordinatorState.Empty, OpenFailures.None, Report, new EndLeaseReply { TaskId = Task, Ending = (EndLeaseResult)99 }));

    [Fact]
    public void Should_keep_at_most_sixteen_event_ids()
    {
        var failure = Enumerable.Range(0, 40).Aggregate(
            OpenFailure.OfLease(Lease),
            (open, number) => open.Join(new EventId($"n-{number}")));

        Assert.Equal((KeptFailure.MaxNames, 40), (failure.Names.Length, failure.JoinedReports));
    }

    [Fact]
    public void Should_be_complete_when_the_worker_and_every_witness_have_answered()
    {
        var lease = Lease with
        {
            Facts = Facts with { History = [Earlier(1, FailureType.ProcessingError, B), Earlier(2, FailureType.ProcessingError, C)] },
        };
        var failure = OpenFailure.OfLease(lease).AwaitRecords(CoordinatorState.Empty, Noon);
        var open = OpenFailures.None.With(failure);
        Assert.Equal(2, failure.Unheard.Count);
        Assert.False(failure.IsComplete);

        open = open.With(Assert.Single(open.Hear(Testimony(B))));
        Assert.Empty(open.Hear(Testimony(B)));
        open = open.With(open.Find(failure.Id)!.WithWorker(
            new FailureRecorded { FailureId = failure.Id, TaskId = Task, Worker = Standing() }));
        Assert.False(open.Find(failure.Id)!.IsComplete);

        Assert.True(Assert.Single(open.Hear(Testimony(C))).IsComplete);
        Assert.Empty(open.Without(failure.Id).Hear(Testimony(C)));
        Assert.Equal(0, open.Without(failure.Id).Count);
    }

    [Fact]
    public void Should_stop_waiting_for_records_when_the_worker_has_answered_and_the_wait_is_over()
    {
        var lease = Lease with { Facts = Facts with { History = [Earlier(1, FailureType.ProcessingError, B)] } };
        var failure = OpenFailure.OfLease(lease).AwaitRecords(CoordinatorState.Empty, Noon);
        var counted = failure.WithWorker(new FailureRecorded { FailureId = failure.Id, TaskId = Task, Worker = Standing() });
        var later = Noon + OpenFailure.WaitForRecords;

        Assert.Empty(OpenFailures.None.With(failure).Overdue(later));
        Assert.Empty(OpenFailures.None.With(counted).Overdue(later - TimeSpan.FromTicks(1)));
        Assert.Single(OpenFailures.None.With(counted).Overdue(later));
    }

    [Fact]
    public void Should_take_each_acknowledgement_once()
    {
        var state = Decided(OpenFailure.OfLease(Lease));
        var outcome = new ReassignOutcome { TaskId = Task, FailureId = Lease.FailureId, Applied = true, Detail = "queued again" };
        Assert.IsType<Reassign>(Assert.Single(state.Find(Lease.FailureId)!.OwedByQueue));

        var first = FailureDecisions.OnReassigned(state, outcome, Noon);
        Assert.Equal(DecisionOutcome.Resolved, first.Reply!.Outcome);
        state = state.Apply(first.Event!);

        Assert.Empty(state.Find(Lease.FailureId)!.OwedByQueue);
        Assert.Null(FailureDecisions.OnReassigned(state, outcome, Noon).Event);
        Assert.Null(FailureDecisions.OnReassigned(state, outcome with { FailureId = Fresh }, Noon).Reply);
    }

    [Fact]
    public void Should_repeat_the_order_when_the_queue_asks_about_a_decided_failure()
    {
        var state = Decided(OpenFailure.OfLease(Lease));
        var order = FailureDecisions.Repeat(state.Find(Lease.FailureId)!, Facts);
        state = state.Apply(new DecisionCarriedOut { FailureId = Lease.FailureId, Applied = true, At = Noon });

        var again = FailureDecisions.Repeat(state.Find(Lease.FailureId)!, Facts);

        Assert.Equal((order!.FailureId, order.Action.Strategy), (again!.FailureId, again.Action.Strategy));
    }

    [Fact]
    public void Should_repeat_no_order_when_the_decision_was_only_advice()
    {
        var state = Decided(OpenFailure.OfReport(Fresh, Report, Noon));

        Assert.Null(FailureDecisions.Repeat(state.Find(Fresh)!, Facts));
    }

    private static CoordinatorState Decided(OpenFailure failure)
    {
        var counted = failure.WithWorker(new FailureRecorded { FailureId = failure.Id, TaskId = Task, Worker = Standing() });
        var decision = FailureDecisions.Decide(
            CoordinatorState.Empty, counted, Domain.Fleet.FleetView.Empty, jitterDraw: 0, Noon, Defaults);
        return CoordinatorState.Empty.Apply(decision.Event!);
    }

    private static ReportMatch Match(CoordinatorState state, OpenFailures open, ReportFailure report, EndLeaseReply reply) =>
        ReportMatcher.Match(state, open, report, reply, Fresh, Noon);

    private static TestimonyReply Testimony(WorkerId worker) => new()
    {
        TaskId = Task,
        Testimony = new Testimony { WorkerId = worker, Succeeded = 9, ChanceOfFailingGoodTask = 0.1 },
    };

    private static void Stale(ReportMatch match, string detail)
    {
        Assert.Null(match.Failure);
        var stored = Assert.IsType<StaleReportRecorded>(match.Answer!.Value.Event);
        Assert.Equal((Noon, A), (stored.Report.At, stored.Report.WorkerId));
        Assert.Contains(detail, Assert.IsType<FailureStale>(match.Answer.Value.Reply).Detail, StringComparison.Ordinal);
    }
}
