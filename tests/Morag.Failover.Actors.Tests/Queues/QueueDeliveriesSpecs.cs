using Morag.Failover.Actors.Queues;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Queues;

/// <summary>Resending takes turns, so messages that nobody acknowledges never hold up the others.</summary>
public sealed class QueueDeliveriesSpecs(ITestOutputHelper output) : OwnerSpec(output)
{
    private const int MoreThanOneRound = 1_001;
    private static readonly FailoverSettings Settings = FailoverSettings.Default;
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset NextRound = T0 + Settings.Queues.ResendAfter;

    [Fact]
    public async Task Should_send_every_failure_within_two_rounds_when_more_are_stuck_than_one_round_sends()
    {
        var deliveries = Deliveries();
        var state = Failed(Leased(QueueState.Empty, task => new("w")));

        deliveries.Resume(state, T0);
        var first = await FailuresAsync();
        deliveries.ResendDue(state, NextRound);
        var second = await FailuresAsync();

        Assert.Equal((1_000, 1_000), (first.Count, second.Count));
        Assert.Equal(MoreThanOneRound, first.Concat(second).Distinct().Count());
        Assert.DoesNotContain(second[0], first);
    }

    [Fact]
    public async Task Should_send_every_batch_within_two_rounds_when_more_are_stuck_than_one_round_sends()
    {
        var deliveries = Deliveries();
        var state = Failed(Leased(QueueState.Empty, task => new($"w{task}")));

        deliveries.Resume(state, T0);
        var first = await BatchesAsync();
        deliveries.ResendDue(state, NextRound);
        var second = await BatchesAsync();

        Assert.Equal((1_000, 1_000), (first.Count, second.Count));
        Assert.Equal(MoreThanOneRound, first.Concat(second).Distinct().Count());
    }

    [Fact]
    public async Task Should_stop_resending_a_failure_when_its_task_completes_or_is_cancelled()
    {
        var deliveries = Deliveries();
        var state = Failed(Leased(QueueState.Empty, task => new("w")));
        deliveries.Resume(state, T0);
        await FailuresAsync();

        var cancelled = new TasksCancelled { At = T0, Tasks = [.. Enumerable.Range(1, MoreThanOneRound - 1).Select(Id)] };
        var after = QueueEvents.Apply(state, cancelled);
        deliveries.SendNew(cancelled, state, after, T0);
        deliveries.ResendDue(after, NextRound);

        Assert.Equal([FailureIds.OfLease(Id(0), new(1))], await FailuresAsync());
    }

    [Fact]
    public async Task Should_resend_at_every_tick_when_the_ticks_come_a_little_early()
    {
        var deliveries = Deliveries();
        var state = Failed(Leased(QueueState.Empty, task => new("w")));
        deliveries.Resume(state, T0);
        await FailuresAsync();
        var tick = T0 + (Settings.Queues.ResendAfter * 0.8);

        deliveries.ResendDue(state, tick);
        Assert.Equal(1_000, (await FailuresAsync()).Count);
        deliveries.ResendDue(state, tick + (Settings.Queues.ResendAfter * 0.8));
        Assert.Equal(1_000, (await FailuresAsync()).Count);
    }

    private static TaskId Id(int task) => new($"t{task}");

    private static QueueState Leased(QueueState state, Func<int, WorkerId> worker)
    {
        var submissions = Enumerable.Range(0, MoreThanOneRound).Select(task => new TaskSubmission
        {
            TaskId = Id(task),
            Queue = new("cpu_standard"),
            Payload = JsonText.Trusted("1"),
        });
        state = QueueEvents.Apply(state, new TasksAccepted { At = T0, Tasks = [.. submissions] });
        for (var task = 0; task < MoreThanOneRound; task++)
        {
            var lease = new GrantedLease { TaskId = Id(task), Epoch = new(task + 1), Timeout = TimeSpan.FromHours(1) };
            state = QueueEvents.Apply(state, new TasksLeased { At = T0, WorkerId = worker(task), Leases = [lease] });
        }

        return state;
    }

    private static QueueState Failed(QueueState state) => QueueEvents.Apply(state, new LeasesEnded
    {
        At = T0,
        Leases =
        [
            .. Enumerable.Range(0, MoreThanOneRound).Select(task => new EndedLease
            {
                TaskId = Id(task),
                Failure = new PendingFailure
                {
                    Epoch = new(task + 1),
                    WorkerId = state.Tasks[Id(task)].Lease!.WorkerId,
                    FailureType = FailureType.NetworkFailure,
                },
            }),
        ],
    });

    private QueueDeliveries Deliveries() => new(0, Settings, Regions, TestActor);

    private async Task<IReadOnlyList<FailureId>> FailuresAsync() =>
        [.. (await GotAsync<DecideFailure>(Regions.CoordinatorsProbe)).Select(message => message.Failure.FailureId)];

    private async Task<IReadOnlyList<WorkerId>> BatchesAsync() =>
        [.. (await GotAsync<LeaseOutcomes>(Regions.WorkersProbe)).Select(message => message.WorkerId)];
}
