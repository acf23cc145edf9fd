using Morag.Failover.Actors.Failover;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Actors.Tests.Storage;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Failover;

/// <summary>A coordinator alone: it decides each failure once, and sees to it that it is carried out.</summary>
public sealed class FailoverCoordinatorSpecs(ITestOutputHelper output) : OwnerSpec(output)
{
    private static readonly FailoverSettings Settings = FailoverSettings.Default;
    private static readonly TimeSpan Resend = Settings.Queues.ResendAfter * 2;
    private static readonly TaskId Task = new("page");
    private static readonly WorkerId Worker = new("cpu-1");

    private static readonly LeaseFailure Failure = new()
    {
        FailureId = new("f-1"),
        TaskId = Task,
        Epoch = new(5),
        WorkerId = Worker,
        FailureType = FailureType.ProcessingError,
        Facts = new TaskFacts { Queue = new("cpu_standard") },
    };

    private Props Entity => FailoverCoordinator.Props(0, Settings, Regions);

    [Fact]
    public async Task Should_ask_the_workers_entity_again_until_it_has_taken_the_failure_in()
    {
        var coordinator = Start(Entity);
        coordinator.Tell(new DecideFailure { Failure = Failure });
        Assert.Single(await ToTakeAsync());

        await PassAsync(Resend);
        Assert.NotEmpty(await ToTakeAsync());
        Assert.Empty(await ReassignmentsAsync());

        coordinator.Tell(Taken());
        await SettleAsync();
        _ = await ToTakeAsync();
        await PassAsync(Resend);
        Assert.Empty(await ToTakeAsync());
    }

    [Fact]
    public async Task Should_send_the_decision_again_until_it_is_carried_out_when_the_queue_does_not_answer()
    {
        var coordinator = await DecidedAsync();
        var first = Assert.Single(await ReassignmentsAsync());

        await PassAsync(Resend);
        Assert.All(await ReassignmentsAsync(), again => Assert.Equal(first.FailureId, again.FailureId));
        coordinator = await KillAndRecoverAsync(coordinator, Entity);
        await PassAsync(Resend);
        Assert.NotEmpty(await ReassignmentsAsync());

        coordinator.Tell(new ReassignOutcome { TaskId = Task, FailureId = Failure.FailureId, Applied = true });
        await SettleAsync();
        _ = await ReassignmentsAsync();
        await PassAsync(Resend);
        Assert.Empty(await ReassignmentsAsync());
    }

    [Fact]
    public async Task Should_decide_once_when_the_queue_and_the_worker_say_everything_again()
    {
        var coordinator = await DecidedAsync();
        coordinator.Tell(Taken());
        coordinator.Tell(new DecideFailure { Failure = Failure });
        coordinator = await KillAndRecoverAsync(coordinator, Entity);
        coordinator.Tell(new DecideFailure { Failure = Failure });
        coordinator.Tell(Taken());
        await SettleAsync();

        Assert.Single(Store.EventsOf("coordinator-0", Sys).OfType<FailureDecided>());
        Assert.All(await ReassignmentsAsync(), sent => Assert.Equal(Failure.FailureId, sent.FailureId));
    }

    [Fact]
    public async Task Should_send_the_same_decision_again_when_the_queue_lost_that_it_carried_it_out()
    {
        var coordinator = await DecidedAsync();
        var first = Assert.Single(await ReassignmentsAsync());
        coordinator.Tell(new ReassignOutcome { TaskId = Task, FailureId = Failure.FailureId, Applied = true });
        await PassAsync(Resend);
        Assert.Empty(await ReassignmentsAsync());

        coordinator.Tell(new DecideFailure { Failure = Failure });

        var again = Assert.Single(await ReassignmentsAsync());
        Assert.Equal((first.FailureId, first.Epoch, first.Action.Strategy), (again.FailureId, again.Epoch, again.Action.Strategy));
        Assert.Single(Store.EventsOf("coordinator-0", Sys).OfType<FailureDecided>());
    }

    [Theory]
    [InlineData(WriteFate.Failed)]
    [InlineData(WriteFate.KilledBefore)]
    [InlineData(WriteFate.KilledAfter)]
    public async Task Should_tell_who_reported_that_the_outcome_is_unknown_and_act_on_nothing_when_the_decision_is_not_stored(
        WriteFate fate)
    {
        Store.Fate = _ => fate;
        var coordinator = Start(Entity);
        coordinator.Tell(new ReportFailure { TaskId = Task, WorkerId = Worker, FailureType = FailureType.ProcessingError }, TestActor);
        var asked = Assert.Single(await GotAsync<EndLease>(Regions.QueuesProbe));
        coordinator.Tell(new EndLeaseReply { TaskId = Task, Ending = EndLeaseResult.Ended, Failure = Failure, Number = asked.Number });
        coordinator.Tell(Taken());

        Assert.Equal(RefusalReason.Unavailable, (await ExpectMsgAsync<Refused>()).Reason);
        Assert.Empty(await ReassignmentsAsync());
    }

    [Fact]
    public async Task Should_tell_who_reported_to_ask_again_when_the_queue_does_not_answer()
    {
        var coordinator = Start(Entity);
        coordinator.Tell(new ReportFailure { TaskId = Task, FailureType = FailureType.ProcessingError }, TestActor);

        await PassAsync(TimeSpan.FromSeconds(11));

        Assert.Equal(RefusalReason.Unavailable, (await ExpectMsgAsync<Refused>()).Reason);
    }

    [Fact]
    public async Task Should_forget_a_decision_after_its_days_and_keep_the_counts_but_not_while_it_is_owed()
    {
        var coordinator = await DecidedAsync();
        Clock.Advance(Settings.Policy.HistoryKept + TimeSpan.FromHours(1));
        Assert.Single(await DecisionsAsync(coordinator));

        coordinator.Tell(new ReassignOutcome { TaskId = Task, FailureId = Failure.FailureId, Applied = true });
        await PassAsync(TimeSpan.FromMinutes(2));

        Assert.Empty(await DecisionsAsync(coordinator));
        coordinator.Tell(new GetFailureStatistics { Partition = 0 }, TestActor);
        Assert.Equal(1, (await ExpectMsgAsync<FailureStatistics>()).TotalFailures);
    }

    [Fact]
    public async Task Should_go_on_when_a_message_cannot_be_handled()
    {
        var coordinator = await DecidedAsync();

        coordinator.Tell(new DecideFailure { Failure = null! }, TestActor);
        Assert.Equal(RefusalReason.Unavailable, (await ExpectMsgAsync<Refused>()).Reason);

        Assert.Single(await DecisionsAsync(coordinator));
    }

    private static FailureRecorded Taken() => new()
    {
        FailureId = Failure.FailureId,
        TaskId = Task,
        Worker = new WorkerStanding
        {
            Score = new WorkerReliabilityScore { WorkerId = Worker },
            Registered = true,
            Liveness = Liveness.Alive,
        },
    };

    private async Task<IActorRef> DecidedAsync()
    {
        var coordinator = Start(Entity);
        coordinator.Tell(new DecideFailure { Failure = Failure });
        coordinator.Tell(Taken());
        await SettleAsync();
        return coordinator;
    }

    private async Task<ImmutableArray<FailoverDecision>> DecisionsAsync(IActorRef coordinator)
    {
        await SettleAsync();
        coordinator.Tell(new GetTaskDecisions { TaskId = Task }, TestActor);
        return (await ExpectMsgAsync<TaskDecisions>()).Decisions;
    }

    private Task<IReadOnlyList<RecordFailure>> ToTakeAsync() => GotAsync<RecordFailure>(Regions.WorkersProbe);

    private Task<IReadOnlyList<Reassign>> ReassignmentsAsync() => GotAsync<Reassign>(Regions.QueuesProbe);
}
