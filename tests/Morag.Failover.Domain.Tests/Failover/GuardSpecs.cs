using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;
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

        Explained(Of(type, Facts with { OwnFailures = 3 }).Decide(), "budget", ManualIntervention, "task failure 4, and 3 are allowed");
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
        Explained(Of(type, tired with { FleetFailures = 10 }).Decide(), "budget", ManualIntervention, "11 of the task, and 10 are allowed");
    }

    [Fact]
    public void Should_go_to_another_worker_when_the_retries_on_one_are_used_up()
    {
        var verdict = Of(NetworkFailure, Facts with { SameWorkerRetries = 2 }).Decide();

        Explained(verdict, "budget", ReassignSameQueue, "retries on worker-a exhausted: 2 of 2 in a row used");
    }

    [Fact]
    public void Should_park_a_document_that_fails_on_two_workers_and_excuse_both()
    {
        var verdict = Of(ProcessingError, Facts with { OwnFailures = 1, History = [Earlier(3, ProcessingError, B)] })
            .Hearing((A, 9, 1, 0.1), (B, 4, 0, 0.2)).Decide();

        Explained(
            verdict,
            "poison",
            ManualIntervention,
            "2 different workers",
            "a good task would is 2%",
            "worker-b (recently completed 4 other tasks and failed 0)",
            "worker-a (recently completed 9");
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
    public void Should_not_call_a_task_poison_on_the_word_of_workers_that_nothing_is_known_of()
    {
        var facts = Facts with { OwnFailures = 2, History = [Earlier(3, ProcessingError, B), Earlier(4, ProcessingError, C)] };

        Assert.Equal(ReassignSameQueue, Of(ProcessingError, facts).Decide().Action().Strategy);
        Assert.Equal(
            ReassignSameQueue,
            Of(ProcessingError, facts).Hearing((A, 0, 0, 0.1), (B, 0, 0, 0.1), (C, 0, 0, 0.1)).Decide().Action().Strategy);
    }

    [Fact]
    public void Should_not_count_suspects_as_witnesses_and_not_excuse_them()
    {
        var facts = Facts with { OwnFailures = 2, History = [Earlier(3, ProcessingError, B), Earlier(4, ProcessingError, C)] };

        var undecided = Of(ProcessingError, facts).Hearing((A, 0, 5, 0.9), (B, 0, 5, 0.9), (C, 9, 0, 0.1)).Decide();
        Assert.Equal(ReassignSameQueue, undecided.Action().Strategy);
        Assert.Equal(["video-1.3", "video-1.7"], undecided.Reassign!.WorkersFault.Select(id => id.Value).Order(StringComparer.Ordinal));
        Assert.Equal("true: the worker fails every task", undecided.Decision.DecisionMetadata.Facts["workers_fault"]);
        Assert.Equal("1", undecided.Decision.DecisionMetadata.Facts["earlier_workers_fault"]);

        var convicted = Of(ProcessingError, facts).Hearing((A, 9, 0, 0.1), (B, 0, 5, 0.9), (C, 9, 0, 0.1)).Decide();
        Explained(convicted, "poison", ManualIntervention, "2 different workers");
        Assert.Equal([C, A], convicted.Excuses.Select(excuse => excuse.WorkerId));
        Assert.Equal(["video-1.3"], convicted.Reassign!.WorkersFault.Select(id => id.Value));
    }

    /// <summary>A suspect fails others, too, and most likely would have failed a good task; each of the two alone is not enough.</summary>
    [Theory]
    [InlineData(0.4, 2, 0, WitnessVerdict.Suspect)]
    [InlineData(0.39, 2, 0, WitnessVerdict.Undetermined)]
    [InlineData(0.39, 2, 1, WitnessVerdict.Credible)]
    [InlineData(0.4, 1, 0, WitnessVerdict.Undetermined)]
    [InlineData(0.4, 1, 9, WitnessVerdict.Undetermined)]
    [InlineData(0.1, 0, 1, WitnessVerdict.Credible)]
    [InlineData(0.1, 0, 0, WitnessVerdict.Undetermined)]
    public void Should_judge_a_witness_by_its_record(double chance, int failedOthers, int succeeded, WitnessVerdict verdict)
    {
        var witness = Assert.Single(
            Of(TaskTimeout).Hearing((A, succeeded, failedOthers, chance)).Decide().Decision.DecisionMetadata.Witnesses);

        Assert.Equal(
            (verdict, chance, succeeded, failedOthers),
            (witness.Verdict, witness.ChanceOfFailingGoodTask, witness.Succeeded, witness.FailedOthers));
    }

    [Theory]
    [InlineData(0.25, 0.2, true)]
    [InlineData(0.25, 0.21, false)]
    public void Should_call_a_task_poison_up_to_a_chance_of_one_in_twenty(double one, double other, bool poison) => Assert.Equal(
        poison ? ManualIntervention : ReassignSameQueue,
        Of(ProcessingError, Facts with { OwnFailures = 1, History = [Earlier(3, ProcessingError, B)] })
            .Hearing((A, 9, 0, one), (B, 9, 0, other)).Decide().Action().Strategy);

    [Fact]
    public void Should_call_a_task_poison_at_its_third_failure_on_the_only_sound_worker_that_is_left()
    {
        var facts = Facts with { OwnFailures = 1, History = [Earlier(3, ProcessingError, A)] };
        Assert.Equal(ReassignSameQueue, Of(ProcessingError, facts).Hearing((A, 9, 0, 0.11)).Decide().Action().Strategy);

        facts = facts with { OwnFailures = 2, History = [.. facts.History, Earlier(4, ProcessingError, A)] };
        Explained(Of(ProcessingError, facts).Hearing((A, 9, 0, 0.11)).Decide(), "poison", ManualIntervention, "worker-a");
    }

    [Fact]
    public void Should_take_failures_that_are_their_workers_fault_out_of_the_tasks_own_budget()
    {
        var facts = Facts with
        {
            OwnFailures = 3,
            FleetFailures = 2,
            History = [Earlier(3, TaskTimeout, B), Earlier(4, TaskTimeout, C), Earlier(5, ResourceExhaustion, C)],
        };

        Explained(Of(TaskTimeout, facts).Decide(), "budget", ManualIntervention, "task failure 4");
        Explained(
            Of(TaskTimeout, facts with { MaxRetries = 0 }).Hearing((B, 0, 9, 0.9)).Decide(),
            "budget",
            ManualIntervention,
            "task failure 3, and 0");
        Assert.Empty(Of(TaskTimeout, facts).Hearing((B, 0, 9, 0.9)).Decide().Decision.DecisionMetadata.Guards);
        Assert.Empty(Of(TaskTimeout, facts).Hearing((A, 0, 9, 0.9)).Decide().Decision.DecisionMetadata.Guards);
        Explained(
            Of(TaskTimeout, facts with { FleetFailures = 7 }).Hearing((A, 0, 9, 0.9), (C, 0, 9, 0.9), (B, 0, 9, 0.9)).Decide(),
            "budget",
            ManualIntervention,
            "worker or network failure 11");
    }

    /// <summary>A worker that fails two bad tasks in a row looks broken until it completes others.</summary>
    [Fact]
    public void Should_count_a_failure_that_was_blamed_on_its_worker_once_the_worker_is_credible()
    {
        var facts = Facts with { FleetFailures = 1, History = [Earlier(3, ProcessingError, B) with { WorkersFault = true }] };
        Assert.Empty(Of(ProcessingError, facts).Hearing((A, 9, 0, 0.1), (B, 0, 5, 0.6)).Decide().Reassign!.Cleared);

        var convicted = Of(ProcessingError, facts).Hearing((A, 9, 0, 0.1), (B, 9, 5, 0.2)).Decide();
        Explained(convicted, "poison", ManualIntervention, "2 different workers");
        Assert.Equal(["video-1.3"], convicted.Reassign!.Cleared.Select(id => id.Value));
        Assert.Equal([B, A], convicted.Excuses.Select(excuse => excuse.WorkerId));
        Assert.Equal("1", convicted.Decision.DecisionMetadata.Facts["earlier_cleared"]);

        facts = facts with { MaxRetries = 1, History = [Earlier(3, TaskTimeout, B) with { WorkersFault = true }] };
        Assert.Empty(Of(TaskTimeout, facts).Hearing((B, 0, 5, 0.6)).Decide().Decision.DecisionMetadata.Guards);
        Explained(Of(TaskTimeout, facts).Hearing((B, 9, 5, 0.2)).Decide(), "budget", ManualIntervention, "task failure 2");
    }

    [Fact]
    public void Should_leave_out_what_says_nothing_of_the_task_or_is_known_to_be_the_workers_fault()
    {
        var facts = Facts with
        {
            History =
            [
                Earlier(3, ProcessingError, B) with { WorkersFault = true },
                Earlier(4, ProcessingError, C) with { ExcludedFromBudgets = true },
                Earlier(5, NetworkFailure, C),
            ],
        };
        var failure = Of(ProcessingError, facts);

        Assert.Equal([A], failure.Decide().Decision.DecisionMetadata.Witnesses.Select(witness => witness.WorkerId));
        Assert.Equal([B], FailoverPolicy.WitnessesToAsk(failure.Failure, facts.History));
        Assert.Equal([A], failure.Hearing((B, 9, 5, 0.9)).Decide().Decision.DecisionMetadata.Witnesses.Select(witness => witness.WorkerId));
        Assert.Equal(
            [B],
            FailoverPolicy.WitnessesToAsk(
                failure.Failure,
                [Earlier(3, TaskTimeout, B), Earlier(4, TaskTimeout, B), Earlier(5, TaskTimeout, A)]));
        Assert.Empty(FailoverPolicy.WitnessesToAsk(failure.Failure with { FailureType = NetworkFailure }, [Earlier(3, TaskTimeout, B)]));
        Assert.Empty(Of(NetworkFailure, facts).Decide().Decision.DecisionMetadata.Witnesses);
    }

    [Fact]
    public void Should_park_a_document_that_kills_three_hosts_even_within_a_minute()
    {
        var facts = Facts with
        {
            FleetFailures = 2,
            History =
            [
                Earlier(3, WorkerOffline, B, ago: TimeSpan.FromSeconds(40)),
                Earlier(5, WorkerOffline, C, ago: TimeSpan.FromSeconds(20)),
            ],
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
        Assert.True(verdict.Reassign!.ExcludedFromBudgets);
        Assert.Empty(verdict.Excuses);
        Assert.Equal("true", verdict.Decision.DecisionMetadata.Facts["excluded_from_budgets"]);
    }

    [Fact]
    public void Should_count_a_mass_loss_from_when_workers_were_lost_and_not_from_when_their_leases_ended()
    {
        var failure = Of(WorkerOffline);
        var lost = Noon.AddMinutes(-4);
        var fleet = failure.Fleet.Losing(("worker-a", lost), ("worker-x", lost.AddSeconds(20)), ("worker-y", lost.AddSeconds(30)));

        Assert.True((failure with { Fleet = fleet }).Decide().ExcludedFromBudgets);
    }

    [Theory]
    [InlineData(LossBlame.Planned, "planned")]
    [InlineData(LossBlame.Unobserved, "unobserved")]
    public void Should_not_convict_a_task_by_a_loss_that_counts_against_nobody(LossBlame blame, string fact)
    {
        var facts = Facts with { FleetFailures = 10, History = [Earlier(3, WorkerOffline, B), Earlier(5, WorkerOffline, C)] };

        var verdict = (Of(WorkerOffline, facts) with { Blame = blame }).Decide();

        Assert.Equal(ReassignSameQueue, verdict.Action().Strategy);
        Assert.True(verdict.ExcludedFromBudgets);
        Assert.StartsWith("true", verdict.Decision.DecisionMetadata.Facts[fact], StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Obstacles => new()
    {
        { "open", "its breaker is open" },
        { "offline", "it is offline" },
        { "draining", "it is draining" },
        { "unregistered", "it is unregistered" },
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
                QualityLadder = Defaults.Policy.QualityLadder.Add(
                    "video/mp4",
                    [JsonText.Trusted("""{"r":1}"""), JsonText.Trusted("""{"r":2}""")]),
            },
        };
        var facts = Facts with { ContentType = "video/mp4", QualityRung = 1 };

        Assert.Equal("""{"r":2}""", Of(ResourceExhaustion, facts).Decide(settings).Action().QualityDegradation.Raw);
        var past = Of(ResourceExhaustion, facts with { QualityRung = 2 }).Decide(settings);
        Explained(past, "quality_ladder", FallbackQueue, "rung 2 of 2");
        Assert.Equal(new QueueName("gpu_fallback"), past.Action().TargetQueue);
    }

    [Fact]
    public void Should_name_the_next_queue_that_a_live_worker_able_to_take_the_task_serves()
    {
        var failure = Of(
            ResourceExhaustion,
            Facts with { QualityRung = 1 }) with
        { Fleet = FleetOf(Ready(WorkerCapability.Cpu, "worker-b")) };

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

        Explained(Of(ResourceExhaustion, atTheEnd).Decide(), "fallback_chain", ManualIntervention, "cpu_batch is the last queue");
        Explained(
            Of(WorkerOffline, atTheEnd, Standing(open: true)).Decide(),
            "fallback_chain",
            ReassignSameQueue,
            "cpu_batch is the last queue");
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
        var unavailable = nobody with { Fleet = FleetOf(Unavailable(WorkerCapability.Hybrid, new() { Draining = 1 })) };

        Explained(nobody.Decide(), "fallback_chain", ReassignSameQueue, "no available worker");
        Explained(unavailable.Decide(), "fallback_chain", ReassignSameQueue, "no available worker");
    }

    [Fact]
    public void Should_fall_back_to_a_queue_whose_workers_are_available_before_one_whose_workers_are_only_live()
    {
        var exhausted = Of(ResourceExhaustion, Facts with { QualityRung = 1 });
        var draining = Unavailable(WorkerCapability.Gpu, new() { Draining = 1 });

        var verdict = (exhausted with { Fleet = FleetOf(draining, Ready(WorkerCapability.Cpu, "worker-b")) }).Decide();
        Assert.Equal(new QueueName("cpu_standard"), verdict.Action().TargetQueue);
        Assert.Contains("no available worker can take the task: gpu_fallback", verdict.Action().Reason, StringComparison.Ordinal);
        Assert.Equal(new QueueName("gpu_fallback"), (exhausted with { Fleet = FleetOf(draining) }).Decide().Action().TargetQueue);
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
