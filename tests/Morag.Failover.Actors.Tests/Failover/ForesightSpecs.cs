using Morag.Failover.Actors.Failover;
using Morag.Failover.Actors.Tests.Owners;
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

/// <summary>Questions about failures that have not happened: the answer is the decision that would be made, and nothing changes.</summary>
public sealed class ForesightSpecs(ITestOutputHelper output) : OwnerSpec(output)
{
    private static readonly FailoverSettings Settings = FailoverSettings.Default;
    private static readonly TaskId Task = new("page");
    private static readonly WorkerId Worker = new("gpu-1");
    private static readonly WorkerId EarlierWorker = new("gpu-2");

    private static readonly ForeseeDecision Question =
        new() { TaskId = Task, WorkerId = Worker, FailureType = FailureType.ProcessingError };

    private static readonly LeaseFailure Failure = new()
    {
        FailureId = new("page.5"),
        TaskId = Task,
        Epoch = new(5),
        WorkerId = Worker,
        FailureType = FailureType.ProcessingError,
        Facts = new TaskFacts
        {
            Queue = new("gpu_standard"),
            OwnFailures = 1,
            History = [new() { FailureId = new("page.4"), FailureType = FailureType.ProcessingError, WorkerId = EarlierWorker }],
        },
    };

    private Props Entity => FailoverCoordinator.Props(0, Settings, Regions);

    [Fact]
    public async Task Should_answer_what_is_decided_later_on_the_same_facts_and_change_nothing()
    {
        var coordinator = Start(Entity);
        var foreseen = await ForeseenAsync(coordinator, Failure);

        Assert.Equal((false, DecisionOutcome.Advised), (foreseen.DecisionMetadata.Executed, foreseen.DecisionMetadata.Outcome));
        Assert.Empty(Store.EventsOf("coordinator-0", Sys));
        Assert.Empty(await GotAsync<Reassign>(Regions.QueuesProbe));

        coordinator.Tell(new DecideFailure { Failure = Failure });
        coordinator.Tell(Recorded(Failure.FailureId));
        coordinator.Tell(Testimony());
        await SettleAsync();

        var decided = Assert.Single(Store.EventsOf("coordinator-0", Sys).OfType<FailureDecided>()).Decision;
        Assert.Equal(FailoverStrategy.ManualIntervention, foreseen.SelectedAction.Strategy);
        Assert.Equal(decided.SelectedAction.Reason, foreseen.SelectedAction.Reason);
        Assert.Equal(decided.DecisionMetadata.Rule, foreseen.DecisionMetadata.Rule);
        Assert.Equal(
            decided.DecisionMetadata.Guards.Select(guard => (guard.Guard, guard.Chose, guard.Reason)),
            foreseen.DecisionMetadata.Guards.Select(guard => (guard.Guard, guard.Chose, guard.Reason)));
        Assert.Equal(
            decided.AlternativeActions.Select(action => (action.Strategy, action.Reason)),
            foreseen.AlternativeActions.Select(action => (action.Strategy, action.Reason)));
        Assert.Equal(decided.Confidence, foreseen.Confidence);
    }

    [Fact]
    public async Task Should_judge_a_task_that_no_queue_holds_as_a_new_one_of_the_queue_that_is_named()
    {
        var coordinator = Start(Entity);
        var inQueue = await AnswerAsync<FailoverDecision>(
            coordinator,
            Question with { WorkerId = null, FailureType = FailureType.WorkerOffline, Queue = new("gpu_priority") },
            failure: null);
        var elsewhere = await AnswerAsync<FailoverDecision>(
            coordinator, Question with { WorkerId = null, FailureType = FailureType.WorkerOffline }, failure: null);

        Assert.Contains(inQueue.DecisionMetadata.Facts, fact => fact.Key == "queue" && fact.Value == "gpu_priority");
        Assert.DoesNotContain(elsewhere.DecisionMetadata.Facts, fact => fact.Key == "queue");
        Assert.Empty(Store.EventsOf("coordinator-0", Sys));
    }

    [Fact]
    public async Task Should_refuse_when_the_task_is_finished()
    {
        var coordinator = Start(Entity);
        coordinator.Tell(Question, TestActor);
        var asked = Assert.Single(await GotAsync<DescribeFailure>(Regions.QueuesProbe));

        coordinator.Tell(new FailureDescribed { TaskId = Task, FailureId = asked.FailureId, Finished = "it has succeeded" });

        Assert.Equal(RefusalReason.Conflict, (await ExpectMsgAsync<Refused>()).Reason);
    }

    [Fact]
    public async Task Should_say_that_there_is_no_answer_when_the_workers_entity_does_not_give_one()
    {
        var coordinator = Start(Entity);
        coordinator.Tell(Question, TestActor);
        var asked = Assert.Single(await GotAsync<DescribeFailure>(Regions.QueuesProbe));
        coordinator.Tell(new FailureDescribed { TaskId = Task, FailureId = asked.FailureId, Failure = Failure });

        await PassAsync(TimeSpan.FromSeconds(6));

        Assert.Equal(RefusalReason.Unavailable, (await ExpectMsgAsync<Refused>()).Reason);
        coordinator.Tell(Recorded(asked.FailureId));
        await SettleAsync();
        await ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Should_answer_without_the_record_of_an_earlier_worker_when_it_does_not_arrive()
    {
        var coordinator = Start(Entity);
        coordinator.Tell(Question, TestActor);
        var asked = Assert.Single(await GotAsync<DescribeFailure>(Regions.QueuesProbe));
        coordinator.Tell(
            new FailureDescribed { TaskId = Task, FailureId = asked.FailureId, Failure = Failure });
        coordinator.Tell(Recorded(asked.FailureId));

        await PassAsync(OpenFailure.WaitForRecords + TimeSpan.FromSeconds(1));

        _ = await ExpectMsgAsync<FailoverDecision>();
    }

    [Fact]
    public async Task Should_refuse_more_questions_than_it_answers_at_once()
    {
        var coordinator = Start(Entity);
        for (var number = 0; number <= 100; number++)
        {
            coordinator.Tell(Question, TestActor);
        }

        Assert.Equal(RefusalReason.LimitReached, (await ExpectMsgAsync<Refused>()).Reason);
    }

    private static FailureRecorded Recorded(FailureId id) => new()
    {
        FailureId = id,
        TaskId = Task,
        Worker = new WorkerStanding
        {
            Score = new WorkerReliabilityScore { WorkerId = Worker, TotalTasks = 20, FailureCount = 1, ConsecutiveFailures = 1 },
            Registered = true,
            Liveness = Liveness.Alive,
        },
        Testimony = new() { WorkerId = Worker, Succeeded = 19, Remembers = true },
    };

    private static TestimonyReply Testimony() => new()
    {
        TaskId = Task,
        Testimony = new() { WorkerId = EarlierWorker, Succeeded = 25, Remembers = true },
    };

    private async Task<FailoverDecision> ForeseenAsync(IActorRef coordinator, LeaseFailure failure)
    {
        coordinator.Tell(Question, TestActor);
        var asked = Assert.Single(await GotAsync<DescribeFailure>(Regions.QueuesProbe));
        coordinator.Tell(
            new FailureDescribed { TaskId = Task, FailureId = asked.FailureId, Failure = failure });
        await SettleAsync();
        Assert.True(Assert.Single(await GotAsync<RecordFailure>(Regions.WorkersProbe)).IsImagined);
        coordinator.Tell(Recorded(asked.FailureId));
        coordinator.Tell(Testimony());
        return await ExpectMsgAsync<FailoverDecision>();
    }

    private async Task<T> AnswerAsync<T>(IActorRef coordinator, ForeseeDecision question, LeaseFailure? failure)
    {
        coordinator.Tell(question, TestActor);
        var asked = Assert.Single(await GotAsync<DescribeFailure>(Regions.QueuesProbe));
        coordinator.Tell(new FailureDescribed { TaskId = Task, FailureId = asked.FailureId, Failure = failure });
        return await ExpectMsgAsync<T>();
    }
}
