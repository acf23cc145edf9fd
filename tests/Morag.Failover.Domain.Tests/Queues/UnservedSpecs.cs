using System.Collections.Immutable;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class UnservedSpecs
{
    private static readonly QueueName GpuFallback = new("gpu_fallback");

    private readonly QueueUnderTest queue = new();

    [Fact]
    public void Should_move_tasks_that_nobody_can_take_only_where_a_later_queue_is_served()
    {
        queue.Submit(QueueUnderTest.Task("g", GpuFallback));
        queue.Pass(600);
        Assert.Empty(Overdue(FleetView.Empty));
        queue.Fleet = QueueUnderTest.FleetOf("w");
        queue.Take(Unserved.Decide(queue.State, Overdue(queue.Fleet), queue.Fleet, queue.Settings.Queues, queue.Now)!);

        var failure = Facts.OwedBy(queue["g"], queue.Settings.Policy)!;
        Assert.True(failure.Unserved);
        Assert.Null(failure.WorkerId);
        queue.Reassign("g", FailoverStrategy.FallbackQueue, command => command with { Action = command.Action with { TargetQueue = QueueUnderTest.Cpu } });
        Assert.Equal(2, queue.Lease("w")[0].Epoch.Value);
        Assert.Equal(0, queue["g"].Budgets.Failures);
    }

    [Fact]
    public void Should_find_among_many_needs_those_that_nobody_met_within_the_time()
    {
        queue.Submit([.. Enumerable.Range(1, 100).Select(i => QueueUnderTest.Task($"t{i:000}") with
        {
            ResourceRequirements = new() { MemoryGb = i, DiskGb = 200 - i },
        })]);
        queue.Pass(600);
        var cpu = Machine(QueueUnderTest.Cpu, 40, 170);
        var batch = Machine(QueueUnderTest.Batch, 80, 180);

        // It has 40 GB for 30 to 40; the other has 80 GB for 20 to 80, and serves only the later queue.
        Assert.Equal([.. Ids(20, 29), .. Ids(41, 80)], Overdue(FleetOf(cpu, batch)));
        Assert.Equal(Ids(41, 80), Overdue(FleetOf(cpu, batch), before: FleetOf(Machine(QueueUnderTest.Cpu, 29, 180))));
        Assert.Empty(Unserved.Overdue(queue.State, [new(queue.Now.AddSeconds(-599), FleetOf(batch))], queue.Settings.Queues, 500, queue.Now));

        static IEnumerable<string> Ids(int from, int to) => Enumerable.Range(from, to - from + 1).Select(i => $"t{i:000}");

        IEnumerable<string> Overdue(FleetView fleet, FleetView? before = null) =>
            this.Overdue(fleet, before).Select(id => id.Value).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void Should_decide_the_move_only_of_tasks_that_nobody_can_take_by_then()
    {
        queue.Submit(QueueUnderTest.Task("a"), QueueUnderTest.Task("b"));
        queue.Pass(600);
        var batchOnly = FleetOf(Machine(QueueUnderTest.Batch, 8, 8));
        var overdue = Overdue(batchOnly);
        queue.Lease("w");

        Assert.Null(Unserved.Decide(queue.State, overdue, QueueUnderTest.FleetOf("w"), queue.Settings.Queues, queue.Now));
        Assert.Equal(["b"], Unserved.Decide(queue.State, overdue, batchOnly, queue.Settings.Queues, queue.Now)!.Tasks.Select(task => task.TaskId.Value));
    }

    [Fact]
    public void Should_say_what_is_missing_and_for_how_many_tasks()
    {
        queue.Submit([.. Enumerable.Range(0, 10_000).Select(i => QueueUnderTest.Task($"m{i}") with { ResourceRequirements = new() { MemoryGb = 80 } })]);
        queue.Submit([.. Enumerable.Range(1, 20).Select(i => QueueUnderTest.Task($"d{i}") with { ResourceRequirements = new() { DiskGb = i * 100 } })]);
        queue.Submit([.. Enumerable.Range(1, 3).Select(i => QueueUnderTest.Task($"b{i}") with { ResourceRequirements = new() { MemoryGb = 16, DiskGb = 400 } })]);
        queue.Submit(
            QueueUnderTest.Task("g1") with { ResourceRequirements = new() { GpuRequired = true } },
            QueueUnderTest.Task("g2") with { ResourceRequirements = new() { GpuRequired = true } },
            QueueUnderTest.Task("fits"),
            QueueUnderTest.Task("type") with { ContentType = "video" },
            QueueUnderTest.Task("later", QueueUnderTest.Batch));
        var fleet = FleetOf(Machine(QueueUnderTest.Cpu, 16, 100) with { ContentTypes = ["audio"] }, Machine(QueueUnderTest.Cpu, 8, 500) with { ContentTypes = ["audio"] });

        var stats = QueueStatistics.Of(queue.State, fleet, fleetIsKnown: true, queue.Settings.Queues).Queues;

        Assert.Equal(
            [
                ("no worker offers 80 GB of memory", 10_000),
                ("no worker offers 600 GB to 2000 GB of disk space", 15),
                ("no worker offers the memory and the disk space together", 3),
                ("no worker has a GPU", 2),
                ("no worker supports the content type 'video'", 1),
            ],
            NeedsOf(QueueUnderTest.Cpu));
        Assert.Equal([("no live worker serves cpu_batch", 1)], NeedsOf(QueueUnderTest.Batch));
        Assert.Empty(NeedsOf(QueueUnderTest.Gpu));
        Assert.Equal([true, true], stats.Where(queue => queue.Unserved).Select(queue => !queue.UnmetNeeds.IsEmpty));

        IEnumerable<(string, int)> NeedsOf(QueueName name) => stats.Single(queue => queue.QueueType == name).UnmetNeeds.Select(unmet => (unmet.Need, unmet.Tasks));
    }

    private List<TaskId> Overdue(FleetView fleet, FleetView? before = null) => Unserved.Overdue(
        queue.State,
        [new(queue.Now.AddSeconds(-600), before ?? fleet), new(queue.Now, fleet)],
        queue.Settings.Queues,
        500,
        queue.Now);

    private static WorkerProfile Machine(QueueName serves, double memory, double disk) =>
        new() { Capability = WorkerCapability.Cpu, Queues = [serves], MemoryGb = memory, DiskGb = disk };

    private static FleetView FleetOf(params WorkerProfile[] machines) => FleetView.Empty.With(new FleetSlice
    {
        Bucket = 0,
        Profiles = [.. machines.Select(profile => new ProfileCount { Profile = profile, Live = 1, Ready = 1, SomeReady = [new WorkerId($"w{profile.MemoryGb}")] })],
    });
}
