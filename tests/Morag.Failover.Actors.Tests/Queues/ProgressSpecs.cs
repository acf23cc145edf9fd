using Morag.Failover.Actors.Queues;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Actors.Tests.Storage;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Queues;

/// <summary>What a queue partition does with reports of progress that come faster than it stores them.</summary>
public sealed class ProgressSpecs(ITestOutputHelper output) : OwnerSpec(output)
{
    private static readonly FailoverSettings Settings = FailoverSettings.Default;
    private static readonly TaskId Task = new("page");
    private static readonly WorkerId Worker = new("cpu-1");

    private Props Entity => QueueActor.Props(0, Settings, Regions, Outages, new NoEpochFloors());

    private IReadOnlyList<ProgressReported> Stored => [.. Store.EventsOf("queue-0", Sys).OfType<ProgressReported>()];

    [Fact]
    public async Task Should_store_the_newest_report_when_the_interval_is_over_and_keep_it_over_a_crash()
    {
        var queue = Start(Entity);
        var epoch = await LeaseAsync(queue);

        Assert.True((await ReportAsync(queue, epoch, 10)).Stored);
        Assert.False((await ReportAsync(queue, epoch, 20)).Stored);
        Assert.False((await ReportAsync(queue, epoch, 30)).Stored);
        Assert.Single(Stored);
        await PassAsync(Settings.Queues.ProgressInterval);

        Assert.Equal([10, 30], Stored.Select(reported => Assert.Single(reported.Tasks).Progress.Percent));
        queue = await KillAndRecoverAsync(queue, Entity);
        Assert.Equal(30, (await AskAsync(queue)).Progress!.Percent);
        Assert.Equal(TaskState.Leased, (await AskAsync(queue)).State);
    }

    [Fact]
    public async Task Should_store_what_waits_before_the_lease_ends_and_hand_it_to_the_next_one()
    {
        var queue = Start(Entity);
        var epoch = await LeaseAsync(queue);
        await ReportAsync(queue, epoch, 10);
        await ReportAsync(queue, epoch, 20);

        queue.Tell(new ReleaseLeases { Partition = 0, WorkerId = Worker, Leases = [new() { TaskId = Task, Epoch = epoch }] }, TestActor);
        await ExpectMsgAsync<LeaseResults>();
        queue = await KillAndRecoverAsync(queue, Entity);

        Assert.Equal(
            ["ProgressReported", "ProgressReported", "LeasesReleased"],
            Store.EventsOf("queue-0", Sys).TakeLast(3).Select(stored => stored.GetType().Name));
        queue.Tell(Demand, TestActor);
        Assert.Equal("20", Assert.Single((await ExpectMsgAsync<LeasesGranted>()).Leases).Checkpoint!.Value.Raw);
        Assert.NotNull((await ReportAsync(queue, epoch, 30)).Refused);
    }

    [Fact]
    public async Task Should_store_what_waits_before_the_partition_moves_to_another_node()
    {
        var queue = Start(Entity);
        var epoch = await LeaseAsync(queue);
        await ReportAsync(queue, epoch, 10);
        await ReportAsync(queue, epoch, 20);

        await StopAsync(queue);

        Assert.Equal(20, (await AskAsync(Start(Entity))).Progress!.Percent);
    }

    [Fact]
    public async Task Should_judge_the_loss_of_a_worker_by_what_waits()
    {
        var queue = Start(Entity);
        var epoch = await LeaseAsync(queue);
        await ReportAsync(queue, epoch, 10);
        await PassAsync(TimeSpan.FromMinutes(10));
        await ReportAsync(queue, epoch, 20);
        await ReportAsync(queue, epoch, 90);

        var fence = new FenceInstance { Partition = 0, WorkerId = Worker, Number = 1, Kind = FenceKind.Lost, Reason = "silent" };
        queue.Tell(fence, TestActor);

        await AwaitAssertAsync(async () =>
            Assert.Contains("90% is done", (await AskAsync(queue)).Waiting!.Sentence, StringComparison.Ordinal));
        Assert.Equal(90, Stored[^1].Tasks.Single().Progress.Percent);
    }

    private static GrantLeases Demand => new()
    {
        Partition = 0,
        WorkerId = Worker,
        Profile = new WorkerProfile { Capability = WorkerCapability.Cpu },
        MaxTasks = 1,
        MaxHeld = 1,
        Queues = [new() { Queue = new("cpu_standard"), Cap = 4 }],
    };

    private async Task<LeaseEpoch> LeaseAsync(IActorRef queue)
    {
        queue.Tell(new SubmitTasks { Partition = 0, Tasks = [new() { TaskId = Task, Queue = new("cpu_standard") }] }, TestActor);
        await ExpectMsgAsync<TasksSubmitted>();
        queue.Tell(Demand, TestActor);
        return Assert.Single((await ExpectMsgAsync<LeasesGranted>()).Leases).Epoch;
    }

    private async Task<LeaseResult> ReportAsync(IActorRef queue, LeaseEpoch epoch, int percent)
    {
        var report = new ReportProgress
        {
            TaskId = Task,
            WorkerId = Worker,
            Epoch = epoch,
            Percent = percent,
            Checkpoint = JsonText.Of(percent),
        };
        queue.Tell(report, TestActor);
        return Assert.Single((await ExpectMsgAsync<LeaseResults>()).Results);
    }

    private async Task<TaskInfo> AskAsync(IActorRef queue)
    {
        queue.Tell(new GetTask { TaskId = Task }, TestActor);
        return await ExpectMsgAsync<TaskInfo>();
    }
}
