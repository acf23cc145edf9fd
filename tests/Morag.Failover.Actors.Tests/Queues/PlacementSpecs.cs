using Morag.Failover.Actors.Queues;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Queues;

/// <summary>New tasks are spread over the waiting workers, and reserved for them while they fetch their tasks.</summary>
public sealed class PlacementSpecs(ITestOutputHelper output) : OwnerSpec(output)
{
    private static readonly FailoverSettings Settings = FailoverSettings.Default;

    private Props Entity => QueueActor.Props(0, Settings, Regions, Outages, IEpochFloors.None);

    [Fact]
    public async Task Should_grant_three_two_and_two_when_seven_tasks_meet_three_idle_workers()
    {
        var queue = Start(Entity);
        await WaitAsync(queue, "a", "b", "c");
        await SubmitAsync(queue, 7);

        Assert.Equal(["a", "b", "c"], await WokenAsync());
        Assert.Equal(3, await LeasesAsync(queue, "a"));
        Assert.Equal(0, await LeasesAsync(queue, "a"));
        Assert.Equal(0, await LeasesAsync(queue, "passer-by"));
        Assert.Equal(2, await LeasesAsync(queue, "c"));
        Assert.Equal(2, await LeasesAsync(queue, "b"));
    }

    [Fact]
    public async Task Should_grant_the_tasks_to_another_worker_when_the_woken_one_does_not_come()
    {
        var queue = Start(Entity);
        await WaitAsync(queue, "a");
        await SubmitAsync(queue, 1);
        Assert.Equal(["a"], await WokenAsync());
        await WaitAsync(queue, "b");

        IEnumerable<string> woken = [];
        for (
            var waited = TimeSpan.Zero; waited < Settings.Queues.ResendAfter * 3 && !woken.Contains("b"); waited += TimeSpan.FromSeconds(1))
        {
            await PassAsync(TimeSpan.FromSeconds(1));
            woken = await WokenAsync();
        }

        Assert.Equal(1, await LeasesAsync(queue, "b"));
    }

    [Fact]
    public async Task Should_offer_tasks_to_others_when_a_woken_worker_leaves_them()
    {
        var queue = Start(Entity);
        await WaitAsync(queue, "a", "b");
        await SubmitAsync(queue, 2);
        Assert.Equal(["a", "b"], await WokenAsync());
        Assert.Equal(1, await LeasesAsync(queue, "b"));
        await WaitAsync(queue, "b");

        // It has no room left by the time it comes.
        Assert.Equal(0, await LeasesAsync(queue, "a", room: 0));
        Assert.Equal(["b"], await WokenAsync());
        Assert.Equal(1, await LeasesAsync(queue, "b"));
    }

    private async Task WaitAsync(IActorRef queue, params string[] workers)
    {
        foreach (var worker in workers)
        {
            Assert.Equal(0, await LeasesAsync(queue, worker, wait: true));
        }
    }

    private async Task SubmitAsync(IActorRef queue, int count)
    {
        var tasks = Enumerable.Range(0, count).Select(i => new TaskSubmission { TaskId = new($"t{i}"), Queue = new("cpu_batch") });
        queue.Tell(new SubmitTasks { Partition = 0, Tasks = [.. tasks] }, TestActor);
        await ExpectMsgAsync<TasksSubmitted>();
    }

    private async Task<IEnumerable<string>> WokenAsync() =>
        (await GotAsync<WorkAvailable>(Regions.WorkersProbe)).Select(woken => woken.WorkerId.Value);

    private async Task<int> LeasesAsync(IActorRef queue, string worker, int room = 8, bool wait = false)
    {
        ImmutableArray<QueueRoom> queues = [new() { Queue = new("cpu_batch"), Cap = 8 }];
        queue.Tell(
            new GrantLeases
            {
                Partition = 0,
                WorkerId = new(worker),
                Profile = new WorkerProfile { Capability = WorkerCapability.Cpu },
                MaxTasks = room,
                MaxHeld = 8,
                Queues = queues,
                Interest = wait ? new LeaseInterest { For = TimeSpan.FromSeconds(30), MaxTasks = 8, Queues = queues } : null,
            },
            TestActor);
        return (await ExpectMsgAsync<LeasesGranted>()).Leases.Length;
    }
}
