using Morag.Failover.Actors.Queues;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Actors.Tests.Storage;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Queues;

/// <summary>A queue partition on its own: it resends until it gets an answer, and handles repeated messages once.</summary>
public sealed class QueueActorSpecs(ITestOutputHelper output) : OwnerSpec(output)
{
    private static readonly FailoverSettings Settings = FailoverSettings.Default;
    private static readonly TimeSpan Resend = Settings.Queues.ResendAfter * 3;
    private static readonly TaskId Task = new("page");
    private static readonly WorkerId Worker = new("cpu-1");
    private readonly KnownEpochs epochs = new();

    private Props Entity => QueueActor.Props(0, Settings, Regions, Outages, epochs);

    [Fact]
    public async Task Should_grant_only_epochs_above_those_known_outside_the_journal()
    {
        epochs.Floor = new LeaseEpoch(500);
        var queue = Start(Entity);

        var lease = await LeaseAsync(queue);

        Assert.Equal(new LeaseEpoch(501), lease.Epoch);
        Assert.Equal(new LeaseEpoch(501), epochs.Reserved);
        await KillAndRecoverAsync(queue, Entity);
        Assert.Equal(new LeaseEpoch(501), epochs.Released);
    }

    [Fact]
    public async Task Should_log_an_error_when_a_partition_arrives_with_tasks_of_an_undefined_queue()
    {
        var queue = Start(Entity);
        _ = await LeaseAsync(queue);
        var others = Settings.Queues.Definitions.RemoveAll(queue => queue.Name.Value == "cpu_standard");
        var lacking = Settings with { Queues = Settings.Queues with { Definitions = others } };

        await EventFilter.Error(contains: "holds 1 unfinished task of queue cpu_standard, which this node does not define").ExpectOneAsync(
            () => KillAndRecoverAsync(queue, QueueActor.Props(0, lacking, Regions, Outages, epochs)));
    }

    [Fact]
    public async Task Should_resend_a_failure_until_it_is_decided_when_the_coordinator_does_not_answer()
    {
        var queue = Start(Entity);
        var failure = await FailAsync(queue, await LeaseAsync(queue));

        Assert.Equal([failure.FailureId], await AskedForAsync());
        await PassAsync(Resend);
        Assert.Contains(failure.FailureId, await AskedForAsync());
        queue = await KillAndRecoverAsync(queue, Entity);
        Assert.Contains(failure.FailureId, await AskedForAsync());

        queue.Tell(Decision(failure));
        await SettleAsync();
        _ = await AskedForAsync();
        await PassAsync(Resend);
        Assert.Empty(await AskedForAsync());
    }

    [Fact]
    public async Task Should_carry_out_a_decision_once_and_answer_every_time_when_it_is_repeated()
    {
        var queue = Start(Entity);
        var failure = await FailAsync(queue, await LeaseAsync(queue));

        queue.Tell(Decision(failure));
        queue.Tell(Decision(failure));
        queue = await KillAndRecoverAsync(queue, Entity);
        queue.Tell(Decision(failure));

        var outcomes = await GotAsync<ReassignOutcome>(Regions.CoordinatorsProbe);
        Assert.Equal(3, outcomes.Count);
        Assert.All(outcomes, outcome => Assert.True(outcome.Applied));
        Assert.Single(Store.EventsOf("queue-0", Sys).OfType<TaskReassigned>());
    }

    [Fact]
    public async Task Should_resend_outcomes_until_they_are_acknowledged_when_the_worker_entity_does_not_answer()
    {
        var queue = Start(Entity);
        var lease = await LeaseAsync(queue);
        queue.Tell(new CompleteTasks { Partition = 0, WorkerId = Worker, Completions = [new() { TaskId = Task, Epoch = lease.Epoch }] });

        var first = Assert.Single(await OutcomesAsync());
        await PassAsync(Resend);
        Assert.All(await OutcomesAsync(), again => Assert.Equal(first.Number, again.Number));
        queue = await KillAndRecoverAsync(queue, Entity);
        Assert.Equal(first.Number, (await OutcomesAsync())[0].Number);

        queue.Tell(new OutcomesReceived { Partition = 0, WorkerId = Worker, Number = first.Number });
        await PassAsync(Resend);
        _ = await OutcomesAsync();
        await PassAsync(Resend);
        Assert.Empty(await OutcomesAsync());
    }

    [Fact]
    public async Task Should_apply_a_fence_once_and_answer_every_time_when_it_is_repeated()
    {
        var queue = Start(Entity);
        await LeaseAsync(queue);
        var fence = new FenceInstance { Partition = 0, WorkerId = Worker, Number = 1, Kind = FenceKind.Returned, Reason = "drained" };

        queue.Tell(fence);
        queue.Tell(fence);
        queue = await KillAndRecoverAsync(queue, Entity);
        queue.Tell(fence);

        Assert.Equal([1, 1, 1], (await GotAsync<FenceAcknowledged>(Regions.WorkersProbe)).Select(taken => taken.Number));
        Assert.Single(Store.EventsOf("queue-0", Sys).OfType<InstanceFenced>());
    }

    [Fact]
    public async Task Should_report_an_unknown_outcome_and_lose_nothing_when_storage_fails()
    {
        var queue = Start(Entity);
        var lease = await LeaseAsync(queue);
        Store.Fate = _ => WriteFate.Failed;
        queue.Tell(
            new CompleteTasks { Partition = 0, WorkerId = Worker, Completions = [new() { TaskId = Task, Epoch = lease.Epoch }] },
            TestActor);
        queue.Tell(new GetTask { TaskId = Task }, TestActor);

        Assert.Equal(RefusalReason.Unavailable, (await ExpectMsgAsync<Refused>()).Reason);
        await SettleAsync();
        Store.Fate = _ => WriteFate.Stored;
        queue = Start(Entity);
        queue.Tell(new GetTask { TaskId = Task }, TestActor);
        Assert.Equal((TaskState.Leased, lease.Epoch), await StateAsync());
    }

    [Fact]
    public async Task Should_continue_when_a_message_cannot_be_handled()
    {
        var queue = Start(Entity);
        var lease = await LeaseAsync(queue);

        queue.Tell(new EndLease { Report = null! }, TestActor);
        Assert.Equal(RefusalReason.Unavailable, (await ExpectMsgAsync<Refused>()).Reason);

        queue.Tell(new GetTask { TaskId = Task }, TestActor);
        Assert.Equal((TaskState.Leased, lease.Epoch), await StateAsync());
    }

    private async Task<(TaskState, LeaseEpoch)> StateAsync()
    {
        var task = await ExpectMsgAsync<TaskInfo>();
        return (task.State, task.Epoch);
    }

    private async Task<LeasedTask> LeaseAsync(IActorRef queue)
    {
        queue.Tell(new SubmitTasks { Partition = 0, Tasks = [new() { TaskId = Task, Queue = new("cpu_standard") }] }, TestActor);
        await ExpectMsgAsync<TasksSubmitted>();
        queue.Tell(
            new GrantLeases
            {
                Partition = 0,
                WorkerId = Worker,
                Profile = new WorkerProfile { Capability = WorkerCapability.Cpu },
                MaxTasks = 1,
                MaxHeld = 1,
                Queues = [new() { Queue = new("cpu_standard"), Cap = 4 }],
            },
            TestActor);
        return Assert.Single((await ExpectMsgAsync<LeasesGranted>()).Leases);
    }

    private async Task<LeaseFailure> FailAsync(IActorRef queue, LeasedTask lease)
    {
        var report = new ReportFailure { TaskId = Task, WorkerId = Worker, Epoch = lease.Epoch, FailureType = FailureType.ProcessingError };
        queue.Tell(new EndLease { Report = report, Number = 7 }, TestActor);
        var reply = await ExpectMsgAsync<EndLeaseReply>();
        Assert.Equal((EndLeaseResult.Ended, 7), (reply.Ending, reply.Number));
        return reply.Failure!;
    }

    private static Reassign Decision(LeaseFailure failure) => new()
    {
        TaskId = failure.TaskId,
        Epoch = failure.Epoch,
        FailureId = failure.FailureId,
        Action = new FailoverAction { Strategy = FailoverStrategy.ReassignSameQueue, Reason = "another one can" },
    };

    private async Task<IEnumerable<FailureId>> AskedForAsync() =>
        (await GotAsync<DecideFailure>(Regions.CoordinatorsProbe)).Select(asked => asked.Failure.FailureId);

    private Task<IReadOnlyList<LeaseOutcomes>> OutcomesAsync() => GotAsync<LeaseOutcomes>(Regions.WorkersProbe);

    private sealed class KnownEpochs : IEpochFloors
    {
        public LeaseEpoch Floor { get; set; }

        public LeaseEpoch Reserved { get; private set; }

        public LeaseEpoch Released { get; private set; }

        public LeaseEpoch Of(int partition) => Floor;

        public void Reserve(int partition, LeaseEpoch upTo) => Reserved = upTo;

        public void Release(int partition, LeaseEpoch granted) => Released = granted;
    }
}
