using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;
using static Morag.Failover.Domain.Tests.Failover.Cases;

namespace Morag.Failover.Domain.Tests.Failover;

/// <summary>The numbers of a decision, as docs/decisions.md gives them: confidence, delay, jitter, estimated delay.</summary>
public sealed class DecisionNumbersSpecs
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(9, 1)]
    [InlineData(1, 9)]
    [InlineData(500, 3)]
    public void Should_trust_a_retry_as_far_as_the_worker_succeeds(int successes, int failures) => Confident(
        Of(NetworkFailure, worker: Standing(successes, failures)), RetrySameWorker, successes, failures);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Should_trust_a_reassignment_as_far_as_its_worker_fails_in_a_row_and_others_do_not(int consecutive)
    {
        var facts = Facts with
        {
            History =
            [
                Earlier(1, WorkerOverloaded, B),
                Earlier(2, WorkerOverloaded, B),
                Earlier(3, WorkerOverloaded, C),
                Earlier(4, WorkerOverloaded, A),
                Earlier(5, WorkerOffline, C),
            ],
        };

        Confident(Of(WorkerOverloaded, facts, Standing(consecutive: consecutive)), ReassignSameQueue, consecutive, 2);
    }

    [Fact]
    public void Should_trust_an_opened_breaker_as_far_as_its_worker_fails_in_a_row() =>
        Confident(Of(TaskTimeout, worker: Standing(consecutive: 3)), CircuitBreaker, 3, 0);

    [Fact]
    public void Should_trust_lower_quality_as_far_as_the_task_always_fails_the_same_way() => Confident(
        Of(
            ResourceExhaustion,
            Facts with { History = [Earlier(1, ResourceExhaustion, B), Earlier(2, TaskTimeout, B), Earlier(3, NetworkFailure, B)] }),
        DegradeQuality,
        2,
        2);

    [Fact]
    public void Should_trust_a_fallback_after_a_loss_as_far_as_the_worker_fails_in_a_row() =>
        Confident(Of(WorkerOffline, worker: Standing(consecutive: 7, open: true)), FallbackQueue, 7, 0);

    [Fact]
    public void Should_trust_parking_as_far_as_credible_workers_failed_the_task() => Confident(
        Of(
            ProcessingError,
            Facts with
            {
                OwnFailures = 3,
                History = [Earlier(1, ProcessingError, B), Earlier(2, ProcessingError, B), Earlier(3, ProcessingError, C)],
            })
            .Hearing((A, 9, 0, 0.1), (B, 9, 0, 0.1), (C, 0, 9, 0.9)),
        ManualIntervention,
        3,
        1);

    [Fact]
    public void Should_park_by_budget_with_trust_in_what_the_task_did_where_there_are_no_witnesses() =>
        Confident(
            Of(NetworkFailure, Facts with { FleetFailures = 10, History = [Earlier(1, NetworkFailure, B)] }),
            ManualIntervention,
            2,
            0);

    [Theory]
    [InlineData(NetworkFailure, 0, 30)]
    [InlineData(NetworkFailure, 1, 60)]
    [InlineData(TaskTimeout, 0, 60)]
    [InlineData(TaskTimeout, 1, 120)]
    [InlineData(TaskTimeout, 2, 240)]
    public void Should_double_the_delay_of_a_retry_with_each_in_a_row(FailureType type, int retries, int seconds)
    {
        var action = Of(type, Facts with { SameWorkerRetries = retries }).Decide().Action();

        Assert.Equal((RetrySameWorker, seconds), (action.Strategy, action.RetryDelaySeconds));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 5)]
    [InlineData(2, 10)]
    [InlineData(7, 320)]
    [InlineData(8, 600)]
    [InlineData(50, 600)]
    public void Should_reassign_at_once_first_and_then_after_doubling_delays_up_to_the_longest(int reassignments, int seconds) =>
        Assert.Equal(seconds, Of(WorkerOverloaded, Facts with { Reassignments = reassignments }).Decide().Action().RetryDelaySeconds);

    [Fact]
    public void Should_not_delay_what_goes_to_another_queue_or_quality_or_is_parked()
    {
        var tired = Facts with { Reassignments = 5, SameWorkerRetries = 5 };
        Assert.Equal((DegradeQuality, 0), Delayed(Of(ResourceExhaustion, tired)));
        Assert.Equal((FallbackQueue, 0), Delayed(Of(ResourceExhaustion, tired with { QualityRung = 1 })));
        Assert.Equal((ManualIntervention, 0), Delayed(Of(ResourceExhaustion, tired with { OwnFailures = 3 })));

        static (FailoverStrategy Strategy, int Seconds) Delayed(FailureCase failure)
        {
            var verdict = failure.Decide();
            Assert.Equal(TimeSpan.Zero, verdict.Reassign!.Delay);
            return (verdict.Action().Strategy, verdict.Action().RetryDelaySeconds);
        }
    }

    [Theory]
    [InlineData(0, 30)]
    [InlineData(0.5, 31.5)]
    [InlineData(0.75, 32.25)]
    public void Should_add_jitter_to_what_the_queue_waits_and_not_to_what_is_shown(double draw, double seconds)
    {
        var verdict = (Of(NetworkFailure) with { JitterDraw = draw }).Decide();

        Assert.Equal(seconds, verdict.Reassign!.Delay.TotalSeconds, 6);
        Assert.Equal((30, 0.5), (verdict.Action().RetryDelaySeconds, verdict.Decision.EstimatedDelay));
    }

    [Fact]
    public void Should_estimate_the_delay_where_another_worker_is_ready() =>
        Estimated(10 / 60.0, Of(WorkerOverloaded, Facts with { Reassignments = 2 }), "a worker is ready");

    [Fact]
    public void Should_estimate_nothing_where_an_operator_decides() =>
        Estimated(0, Of(ProcessingError, Facts with { OwnFailures = 3 }), "waits for an operator");

    [Fact]
    public void Should_estimate_the_time_after_which_unserved_tasks_move_where_no_live_worker_can_take_it() =>
        Estimated(
            Defaults.Queues.UnservedAfter.TotalMinutes,
            Of(WorkerOverloaded) with { Fleet = FleetOf() },
            "no available worker can take the task from gpu_priority");

    [Fact]
    public void Should_estimate_the_rest_of_the_breakers_time_where_no_other_worker_is_ready() => Estimated(
        5,
        Of(WorkerOverloaded, worker: Standing(open: true)) with { Fleet = FleetOf(Ready(WorkerCapability.Gpu, "worker-a")) },
        "the breaker of worker-a is open until then");

    [Fact]
    public void Should_estimate_the_delay_where_no_other_worker_is_ready_now_and_no_breaker_says_more() => Estimated(
        5 / 60.0,
        Of(WorkerOverloaded, Facts with { Reassignments = 1 }) with { Fleet = FleetOf(Ready(WorkerCapability.Gpu, "worker-a")) },
        "no other worker is ready now");

    [Fact]
    public void Should_estimate_the_delay_alone_before_the_fleet_is_known() =>
        Estimated(0, Of(WorkerOverloaded) with { Fleet = Domain.Fleet.FleetView.Empty }, "retry delay");

    private static void Estimated(double minutes, FailureCase failure, string basis)
    {
        var decision = failure.Decide().Decision;

        Assert.Equal(minutes, decision.EstimatedDelay, 6);
        Assert.Contains(basis, decision.DecisionMetadata.Facts["expected_wait"], StringComparison.Ordinal);
    }

    /// <summary>Holds a decision to the formula, without experience and with it; tasks that still wait or run change nothing.</summary>
    private static void Confident(FailureCase failure, FailoverStrategy strategy, int speaksFor, int against)
    {
        Holds(StrategyRecords.Empty, held: 0, failedAgain: 0);
        var records = StrategyRecords.Empty;
        for (var time = 0; time < 20; time++)
        {
            records = records.Tried(failure.Failure.FailureType, strategy);
        }

        Holds(records, held: 0, failedAgain: 0);
        records = records.Held(failure.Failure.FailureType, strategy)
            .Held(failure.Failure.FailureType, strategy)
            .FailedAgain(failure.Failure.FailureType, strategy);
        Holds(records, held: 2, failedAgain: 1);

        void Holds(StrategyRecords experience, int held, int failedAgain)
        {
            var decision = (failure with { Records = experience }).Decide().Decision;
            Assert.Equal(strategy, decision.SelectedAction.Strategy);
            Assert.Equal((Lower(speaksFor, against) + Lower(held, failedAgain)) / 2, decision.Confidence, 9);
            var evidence = decision.DecisionMetadata.Evidence;
            Assert.Equal(
                ($"{speaksFor}", $"{against}", $"{held}", $"{failedAgain}"),
                (evidence["for"], evidence["against"], evidence["strategy_held"], evidence["strategy_failed_again"]));
        }
    }

    private static double Lower(double speaksFor, double against)
    {
        var mean = (1 + speaksFor) / (2 + speaksFor + against);
        return mean - Math.Sqrt(mean * (1 - mean) / (3 + speaksFor + against));
    }
}
