using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;
using static Morag.Failover.Domain.Tests.Failover.Cases;

namespace Morag.Failover.Domain.Tests.Failover;

/// <summary>Each guard: what makes it fire, what it chooses, and that the decision names it with its evidence.</summary>
public sealed class GuardSpecs
{
    [Theory]
    [InlineData(ProcessingError)]
    [InlineData(TaskTimeout)]
    [InlineData(ResourceExhaustion)]
    public void Should_park_at_the_fourth_failure_of_the_tasks_own(FailureType type)
    {
        Assert.NotEqual(ManualIntervention, Of(type, Facts with { OwnFailures = 2 }).Decide().Action().Strategy);

        Explained(Of(type, Facts with { OwnFailures = 3 }).Decide(), "budget", ManualIntervention, "failure 4 of the task's own, and its budget is 3");
    }

    [Theory]
    [InlineData(WorkerOffline)]
    [InlineData(NetworkFailure)]
    [InlineData(WorkerOverloaded)]
    [InlineData(AuthenticationFailure)]
    public void Should_keep_a_good_task_through_a_flaky_fleet_until_its_budget_is_used_up(FailureType type)
    {
        var tired = Facts with { OwnFailures = 3, FleetFailures = 9 };

        Assert.NotEqual(ManualIntervention, Of(type, tired).Decide().Action().Strategy);
        Explained(Of(type, tired with { FleetFailures = 10 }).Decide(), "budget", ManualIntervention, "their budget is 10");
    }

    [Fact]
    public void Should_go_to_another_worker_when_the_retries_on_one_are_used_up()
    {
        var verdict = Of(NetworkFailure, Facts with { SameWorkerRetries = 2 }).Decide();

        Explained(verdict, "budget", ReassignSameQueue, "retry 3 in a row on worker-a, and 2 are allowed");
    }

    [Fact]
    public void Should_park_a_document_that_fails_on_two_workers_and_excuse_both()
    {
        var verdict = Of(ProcessingError, Facts with { OwnFailures = 1, History = [Earlier(3, ProcessingError, B)] }).Decide();

        Explained(verdict, "poison", ManualIntervention, "worker-b", "worker-a", "2 different workers");
        Assert.Equal(
            [(B, new FailureId("video-1.3")), (A, new FailureId("video-1.7"))],
            verdict.Excuses.Select(excuse => (excuse.WorkerId, Assert.Single(excuse.Failures))));
    }

    [Fact]
    public void Should_not_call_a_task_poison_when_one_worker_failed_it_twice() =>
        Assert.Equal(
            ReassignSameQueue,
            Of(ProcessingError, Facts with { OwnFailures = 1, History = [Earlier(3, ProcessingError, A)] }).Decide().Action().Strategy);

    [Fact]
    public void Should_park_a_document_that_kills_three_hosts_even_within_a_minute()
    {
        var facts = Facts with
        {
            FleetFailures = 2,
            History = [Earlier(3, WorkerOffline, B, ago: TimeSpan.FromSeconds(40)), Earlier(5, WorkerOffline, C, ago: TimeSpan.FromSeconds(20))],
        };
        var failure = Of(WorkerOffline, facts);
        var fleet = failure.Fleet.Losing(("worker-b", Noon.AddSeconds(-40)), ("worker-c", Noon.AddSeconds(-20)), ("worker-a", Noon));

        var verdict = (failure with { Fleet = fleet }).Decide();

        Explained(verdict, "poison", ManualIntervention, "3 different workers", "worker-a", "worker-b", "worker-c");
        Assert.Equal(3, verdict.Excuses.Length);
    }

    [Fact]
    public void Should_hold_a_mass_loss_against_no_task()
    {
        var facts = Facts with { FleetFailures = 2, History = [Earlier(3, WorkerOffline, B), Earlier(5, WorkerOffline, C)] };
        var failure = Of(WorkerOffline, facts);
        var fleet = failure.Fleet.Losing(("worker-x", Noon.AddSeconds(-10)), ("worker-y", Noon.AddSeconds(-5)), ("worker-a", Noon));

        var verdict = (failure with { Fleet = fleet }).Decide();

        Assert.Equal(ReassignSameQueue, verdict.Action().Strategy);
        Assert.True(verdict.Reassign!.SaysNothingOfTask);
        Assert.Empty(verdict.Excuses);
        Assert.Equal("true", verdict.Decision.DecisionMetadata.Facts["says_nothing_of_task"]);
    }

    [Fact]
    public void Should_count_a_mass_loss_from_when_workers_were_lost_and_not_from_when_their_leases_ended()
    {
        var failure = Of(WorkerOffline);
        var lost = Noon.AddMinutes(-4);
        var fleet = failure.Fleet.Losing(("worker-a", lost), ("worker-x", lost.AddSeconds(20)), ("worker-y", lost.AddSeconds(30)));

        Assert.True((failure with { Fleet = fleet }).Decide().SaysNothingOfTask);
    }

    [Fact]
    public void Should_not_convict_a_task_by_a_planned_loss()
    {
        var facts = Facts with { History = [Earlier(3, WorkerOffline, B), Earlier(5, WorkerOffline, C)] };

        var verdict = (Of(WorkerOffline, facts) with { Planned = true }).Decide();

        Assert.Equal(ReassignSameQueue, verdict.Action().Strategy);
        Assert.True(verdict.SaysNothingOfTask);
    }

    public static TheoryData<string, string> Obstacles => new()
    {
        { "open", "its breaker is open" },
        { "offline", "it is offline" },
        { "draining", "it is draining" },
        { "unregistered", "it has unregistered" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void Should_not_retry_on_a_worker_that_may_not_take_work(string state, string because)
    {
        var worker = state switch
        {
            "open" => Standing(open: true),
            "offline" => Standing() with { Liveness = Liveness.Offline },
            "draining" => Standing() with { Draining = true },
            _ => Standing() with { Registered = false, Unregistered = true },
        };

        Explained(Of(NetworkFailure, worker: worker).Decide(), "same_worker", ReassignSameQueue, because);
    }

    [Fact]
    public void Should_retry_on_a_worker_that_was_never_registered() =>
        Assert.Equal(
            RetrySameWorker,
            Of(NetworkFailure, worker: Standing() with { Registered = false, Liveness = Liveness.Offline }).Decide().Action().Strategy);

    [Fact]
    public void Should_climb_the_ladder_of_the_content_type_and_then_fall_back()
    {
        var settings = Defaults with
        {
            Policy = Defaults.Policy with
            {
                QualityLadder = Defaults.Policy.QualityLadder.Add("video/mp4", [JsonText.Trusted("""{"r":1}"""), JsonText.Trusted("""{"r":2}""")]),
            },
        };
        var facts = Facts with { ContentType = "video/mp4", QualityRung = 1 };

        Assert.Equal("""{"r":2}""", Of(ResourceExhaustion, facts).Decide(settings).Action().QualityDegradation.Raw);
        var past = Of(ResourceExhaustion, facts with { QualityRung = 2 }).Decide(settings);
        Explained(past, "quality_ladder", FallbackQueue, "all 2 rungs");
        Assert.Equal(new QueueName("gpu_fallback"), past.Action().TargetQueue);
    }

    [Fact]
    public void Should_name_the_next_queue_that_a_live_worker_able_to_take_the_task_serves()
    {
        var failure = Of(ResourceExhaustion, Facts with { QualityRung = 1 }) with { Fleet = FleetOf(Ready(WorkerCapability.Cpu, "worker-b")) };

        var verdict = failure.Decide();

        Assert.Equal(new QueueName("cpu_standard"), verdict.Action().TargetQueue);
        Assert.Contains("gpu_fallback", verdict.Action().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_take_the_nearest_queue_when_the_fleet_is_not_known_yet()
    {
        var failure = Of(ResourceExhaustion, Facts with { QualityRung = 1 }) with { Fleet = Domain.Fleet.FleetView.Empty };

        Assert.Equal(new QueueName("gpu_fallback"), failure.Decide().Action().TargetQueue);
    }

    [Fact]
    public void Should_park_an_own_failure_at_the_end_of_the_chain_and_reassign_any_other()
    {
        var atTheEnd = Facts with { Queue = new("cpu_batch"), QualityRung = 1 };

        Explained(Of(ResourceExhaustion, atTheEnd).Decide(), "fallback_chain", ManualIntervention, "cpu_batch is the end");
        Explained(Of(WorkerOffline, atTheEnd, Standing(open: true)).Decide(), "fallback_chain", ReassignSameQueue, "cpu_batch is the end");
    }

    [Theory]
    [InlineData(WorkerOffline)]
    [InlineData(ResourceExhaustion)]
    public void Should_park_nothing_because_workers_are_absent(FailureType type)
    {
        var failure = Of(type, Facts with { QualityRung = 1 }, Standing(open: true)) with { Fleet = FleetOf() };

        Explained(failure.Decide(), "fallback_chain", ReassignSameQueue, "no live worker");
    }

    [Fact]
    public void Should_let_an_unserved_task_wait_when_no_other_queue_is_served()
    {
        var nobody = Of(WorkerOffline).WithoutWorker() with { Unserved = true, Fleet = FleetOf() };

        Explained(nobody.Decide(), "fallback_chain", ReassignSameQueue, "no live worker");
    }

    private static void Explained(PolicyVerdict verdict, string guard, FailoverStrategy chose, params string[] evidence)
    {
        var fired = Assert.Single(verdict.Decision.DecisionMetadata.Guards, each => each.Guard == guard);
        Assert.Equal(chose, fired.Chose);
        Assert.Equal(chose, verdict.Action().Strategy);
        Assert.All(evidence, part => Assert.Contains(part, fired.Reason, StringComparison.Ordinal));
        Assert.NotEqual("", verdict.Decision.DecisionMetadata.Rule);
        if (fired.Overruled != chose)
        {
            var lost = Assert.Single(verdict.Decision.AlternativeActions, action => action.Strategy == fired.Overruled);
            Assert.Equal(fired.Reason, lost.Reason);
        }
    }
}
