using System.Collections.Immutable;
using CsCheck;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Tests.Workers;

public sealed class ReliabilitySpecs
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly WorkerId Worker = new("w1");
    private static readonly WorkerSettings Settings = new();

    /// <summary>A failure of one of 30 ids, perhaps of one of 4 losses; or a batch of outcomes; each may come twice.</summary>
    private static readonly Gen<IWireMessage> Message = Gen.Frequency(
        (3, Gen.Select(
            Gen.Int[0, 29], Gen.Int[0, 7], (id, loss) => (IWireMessage)Failure(id, loss < 4 && id % 3 == 0 ? $"l{id % 4}" : null))),
        (2, Gen.Select(Gen.Long[1, 15], Gen.Int[0, 3], (number, successes) => (IWireMessage)Batch(number, successes))),
        (1, Gen.Int[0, 9].Select(id => (IWireMessage)Reported(id))));

    [Fact]
    public void Should_remember_a_named_success_when_any_number_of_unnamed_ones_follow()
    {
        var named = Reported(1);
        var state = Take(WorkerState.Unknown(Worker), named);
        for (var number = 0; number <= ReliabilityScore.SuccessesRemembered; number++)
        {
            state = Take(state, named with { Successes = [named.Successes[0] with { EventId = EventId.Generate() }] });
        }

        Assert.Null(FailureAccounting.RecordSuccesses(state, named, T0).Event);
        var restored = WorkerSnapshotMapping.FromSnapshot(WorkerSnapshotMapping.ToSnapshot(state));
        Assert.Null(FailureAccounting.RecordSuccesses(restored, named, T0).Event);
    }

    [Fact]
    public void Should_treat_only_generated_names_as_such()
    {
        Assert.True(EventId.Generate().IsGenerated);
        Assert.False(new EventId("call-" + new string('g', 32)).IsGenerated);
        Assert.False(new EventId("call-" + new string('a', 31)).IsGenerated);
    }

    [Fact]
    public void Should_remember_a_name_once_when_it_is_replayed_again()
    {
        var once = ReliabilityScore.Empty.Remember(new("t e"));

        Assert.Single(once.Remember(new("t e")).RecentSuccesses.Items);
    }

    [Fact]
    public void Should_recognise_several_repeated_calls_of_the_largest_size()
    {
        var calls = Enumerable.Range(0, 4).Select(_ => Reported(1) with
        {
            Successes =
            [
                .. Enumerable.Range(0, CallLimits.MaxEntries).Select(number => new ReportedSuccess
                {
                    TaskId = new($"t{number}"),
                    EventId = EventId.Generate(),
                    DurationSeconds = 2,
                }),
            ],
        }).ToList();
        var state = calls.Aggregate(WorkerState.Unknown(Worker), Take);

        Assert.All(calls, call => Assert.Null(FailureAccounting.RecordSuccesses(state, call, T0).Event));
    }

    [Fact]
    public void Should_count_an_unnamed_success_once_when_the_gateway_repeats_it()
    {
        var unnamed = Reported(1) with
        {
            Successes = [new ReportedSuccess { TaskId = new("t"), EventId = EventId.Generate(), DurationSeconds = 2 }],
        };
        var state = Take(WorkerState.Unknown(Worker), unnamed);

        Assert.Null(FailureAccounting.RecordSuccesses(state, unnamed, T0).Event);
        Assert.NotNull(FailureAccounting.RecordSuccesses(
            state, unnamed with { Successes = [unnamed.Successes[0] with { EventId = EventId.Generate() }] }, T0).Event);
    }

    [Fact]
    public void Should_equal_the_sum_of_what_was_taken_whatever_came_twice()
    {
        Message.Array[0, 80].Sample(messages =>
        {
            var state = WorkerState.Unknown(Worker);
            var failures = new HashSet<string>();
            var counted = new HashSet<string>();
            var named = new HashSet<string>();
            long lastBatch = 0;
            long successes = 0;
            double seconds = 0;
            foreach (var message in messages)
            {
                state = Take(state, message);
                switch (message)
                {
                    case RecordFailure failure:
                        if (failures.Add(failure.FailureId.Value))
                        {
                            counted.Add(failure.LossId?.Value ?? failure.FailureId.Value);
                        }

                        break;
                    case LeaseOutcomes batch when batch.Number > lastBatch:
                        // A batch without a success is not stored; taking it again must do no harm.
                        lastBatch = batch.Outcomes.IsEmpty ? lastBatch : batch.Number;
                        successes += batch.Outcomes.Length;
                        seconds += batch.Outcomes.Sum(outcome => outcome.Ran.TotalSeconds);
                        break;
                    case RecordSuccesses reported:
                        if (named.Add(reported.Successes[0].TaskId.Value))
                        {
                            successes++;
                            seconds += 2;
                        }

                        break;
                }
            }

            var score = state.ShownScore();
            Assert.Equal(counted.Count, score.FailureCount);
            Assert.Equal(successes + counted.Count, score.TotalTasks);
            Assert.Equal(score.TotalTasks == 0 ? 1 : (double)successes / score.TotalTasks, score.SuccessRate);
            Assert.Equal(successes == 0 ? 0 : seconds / successes, score.AverageResponseTime, 9);
        });
    }

    [Fact]
    public void Should_be_the_same_after_a_snapshot()
    {
        Message.Array[0, 60].Sample(messages =>
        {
            var state = messages.Aggregate(WorkerState.Unknown(Worker), Take);
            var restored = WorkerSnapshotMapping.FromSnapshot(WorkerSnapshotMapping.ToSnapshot(state));
            Assert.Equal(state.ShownScore(), restored.ShownScore());
            Assert.Equal(state.Revision, restored.Revision);
            foreach (var message in messages.OfType<RecordFailure>())
            {
                Assert.Null(FailureAccounting.RecordFailure(restored, message, Settings, T0));
            }
        });
    }

    [Fact]
    public void Should_count_a_loss_of_forty_tasks_once_and_remember_each()
    {
        var state = Enumerable.Range(0, 40).Aggregate(WorkerState.Unknown(Worker), (s, i) => Take(s, Failure(1_000 + i, "loss")));

        Assert.Equal(1, state.Score.ConsecutiveFailures);
        Assert.Equal(1, state.Score.Failures);
    }

    [Fact]
    public void Should_take_a_loss_off_when_any_failure_of_it_is_excused()
    {
        var state = Enumerable.Range(0, 3).Aggregate(WorkerState.Unknown(Worker), (s, i) => Take(s, Failure(1_000 + i, "loss")));
        state = Take(state, Failure(5, null));

        var excused = state.Apply(FailureAccounting.Excuse(state, Excuse(1_002), Settings)!);

        Assert.Equal(1, excused.Score.ConsecutiveFailures);
        Assert.Equal(2, excused.Score.Failures);
        Assert.Null(FailureAccounting.Excuse(excused, Excuse(1_002), Settings));
    }

    [Fact]
    public void Should_close_a_breaker_that_only_excused_failures_opened()
    {
        var state = Enumerable.Range(0, 5).Aggregate(WorkerState.Unknown(Worker), (s, i) => Take(s, Failure(i, null)));
        Assert.True(state.ShownScore().CircuitBreakerActive);

        state = state.Apply(FailureAccounting.Excuse(state, Excuse(2), Settings)!);

        Assert.False(state.ShownScore().CircuitBreakerActive);
        Assert.Equal(4, state.Score.ConsecutiveFailures);
    }

    [Fact]
    public void Should_not_count_a_failure_that_was_planned()
    {
        var state = WorkerState.Unknown(Worker);
        Assert.Null(FailureAccounting.RecordFailure(state, Failure(1, null) with { Counts = false }, Settings, T0));
    }

    [Fact]
    public void Should_open_by_strategy_once_for_each_failure()
    {
        var command = new OpenBreakerByStrategy { WorkerId = Worker, TaskId = new("t"), FailureId = new("f"), Reason = "timeouts" };
        var state = WorkerState.Unknown(Worker);
        state = state.Apply(FailureAccounting.OpenBreaker(state, command, Settings, T0)!);
        Assert.Equal(BreakerState.Open, state.Breaker.State);

        state = state.Apply(FailureAccounting.SetBreaker(
            state, new SetBreaker { WorkerId = Worker, Action = BreakerAction.Close, Reason = "fixed" }, T0).Event!);

        Assert.Null(FailureAccounting.OpenBreaker(state, command, Settings, T0));
    }

    [Fact]
    public void Should_keep_the_count_on_close_and_clear_it_on_reset()
    {
        var state = Enumerable.Range(0, 5).Aggregate(WorkerState.Unknown(Worker), (s, i) => Take(s, Failure(i, null)));

        var closed = state.Apply(FailureAccounting.SetBreaker(
            state, new SetBreaker { WorkerId = Worker, Action = BreakerAction.Close, Reason = "" }, T0).Event!);
        var reset = state.Apply(FailureAccounting.SetBreaker(
            state, new SetBreaker { WorkerId = Worker, Action = BreakerAction.Reset, Reason = "" }, T0).Event!);

        Assert.Equal((BreakerState.Closed, 5), (closed.Breaker.State, closed.Score.ConsecutiveFailures));
        Assert.Equal((BreakerState.Closed, 0), (reset.Breaker.State, reset.Score.ConsecutiveFailures));
    }

    [Fact]
    public void Should_probe_by_reports_when_the_worker_is_not_registered()
    {
        var state = Enumerable.Range(0, 5).Aggregate(WorkerState.Unknown(Worker), (s, i) => Take(s, Failure(i, null)));
        state = state.Apply(FailureAccounting.HalfOpenBreaker(state, T0.AddSeconds(300))!);
        Assert.Equal(BreakerState.HalfOpen, state.Breaker.State);

        Assert.Equal(BreakerState.Open, Take(state, Failure(20, null)).Breaker.State);
        Assert.Equal(BreakerState.Closed, Take(state, Reported(1)).Breaker.State);
    }

    private static WorkerState Take(WorkerState state, IWireMessage message)
    {
        var @event = message switch
        {
            RecordFailure failure => FailureAccounting.RecordFailure(state, failure, Settings, T0),
            LeaseOutcomes batch => FailureAccounting.CountOutcomes(state, batch),
            RecordSuccesses successes => FailureAccounting.RecordSuccesses(state, successes, T0).Event,
            _ => throw new ArgumentOutOfRangeException(nameof(message)),
        };
        return @event is null ? state : state.Apply(@event);
    }

    private static RecordFailure Failure(int id, string? loss) => new()
    {
        WorkerId = Worker,
        FailureId = new($"f{id}"),
        TaskId = new($"t{id}"),
        FailureType = FailureType.ProcessingError,
        LossId = loss is null ? null : new LossId(loss),
        OccurredAt = T0,
    };

    private static LeaseOutcomes Batch(long number, int successes) => new()
    {
        WorkerId = Worker,
        Partition = 0,
        Number = number,
        Outcomes =
        [
            .. Enumerable.Range(0, successes).Select(i => new LeaseOutcome
            {
                TaskId = new($"b{number}-{i}"),
                Epoch = new(number),
                Kind = LeaseOutcomeKind.Succeeded,
                Ran = TimeSpan.FromSeconds(i + 1),
            }),
        ],
    };

    private static RecordSuccesses Reported(int id) => new()
    {
        WorkerId = Worker,
        Successes = [new ReportedSuccess { TaskId = new($"r{id}"), EventId = new("e"), DurationSeconds = 2 }],
    };

    private static ExcuseFailures Excuse(int id) => new() { WorkerId = Worker, TaskId = new("t"), Failures = [new($"f{id}")] };
}
