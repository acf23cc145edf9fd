using System.Collections.Immutable;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class UnservedTasksSpecs
{
    private static readonly QueueName GpuFallback = new("gpu_fallback");

    private readonly QueueUnderTest queue = new();

    [Fact]
    public void Should_move_unserved_tasks_only_when_a_later_queue_has_a_worker()
    {
        queue.Submit(QueueUnderTest.Task("g", GpuFallback));
        queue.Pass(600);
        Assert.Empty(Overdue(FleetView.Empty));
        queue.Fleet = QueueUnderTest.FleetOf("w");
        queue.Apply(UnservedTasks.Decide(queue.State, Overdue(queue.Fleet), queue.Fleet, queue.Settings.Queues, queue.Now)!);

        var failure = LeaseFailure.PendingOf(queue["g"], queue.Settings.Policy)!;
        Assert.True(failure.Unserved);
        Assert.Equal("no worker of gpu_fallback could run the task for 600 s: no live worker serves gpu_fallback", failure.ErrorMessage);
        Assert.Null(failure.WorkerId);
        queue.Reassign(
            "g",
            FailoverStrategy.FallbackQueue,
            command => command with { Action = command.Action with { TargetQueue = QueueUnderTest.Cpu } });
        Assert.Equal(2, queue.Lease("w")[0].Epoch.Value);
        Assert.Equal(0, queue["g"].Budgets.Failures);
    }

    [Fact]
    public void Should_move_no_task_into_a_paused_queue()
    {
        queue.Submit(QueueUnderTest.Task("g", GpuFallback));
        queue.Pass(600);
        queue.Fleet = QueueUnderTest.FleetOf("w");
        var overdue = Overdue(queue.Fleet).ToList();
        queue.Pause(QueueUnderTest.Cpu);

        Assert.Null(UnservedTasks.Decide(queue.State, overdue, queue.Fleet, queue.Settings.Queues, queue.Now));
        queue.Resume(QueueUnderTest.Cpu);
        Assert.NotNull(UnservedTasks.Decide(queue.State, overdue, queue.Fleet, queue.Settings.Queues, queue.Now));
    }

    [Fact]
    public void Should_find_the_overdue_tasks_among_many_needs()
    {
        queue.Submit([.. Enumerable.Range(1, 100).Select(i => QueueUnderTest.Task($"t{i:000}") with
        {
            ResourceRequirements = new() { MemoryGb = i, DiskGb = 200 - i },
        })]);
        queue.Pass(600);
        var cpu = Machine(QueueUnderTest.Cpu, 40, 170);
        var batch = Machine(QueueUnderTest.Batch, 80, 180);

        // One machine has 40 GB for needs of 30 to 40. The other has 80 GB for 20 to 80, and serves only the later queue.
        Assert.Equal([.. Ids(20, 29), .. Ids(41, 80)], Overdue(FleetOf(cpu, batch)));
        Assert.Equal(Ids(41, 80), Overdue(FleetOf(cpu, batch), before: FleetOf(Machine(QueueUnderTest.Cpu, 29, 180))));
        Assert.Empty(UnservedTasks.Overdue(queue.State, Seen((599, FleetOf(batch))), queue.Settings.Queues, 500, queue.Now));

        static IEnumerable<string> Ids(int from, int to) => Enumerable.Range(from, to - from + 1).Select(i => $"t{i:000}");

        IEnumerable<string> Overdue(FleetView fleet, FleetView? before = null) =>
            this.Overdue(fleet, before).Select(id => id.Value).Order(StringComparer.Ordinal);
    }

    public static TheoryData<UnavailableWorkers, string> Obstacles() => new()
    {
        { new() { Draining = 2 }, "2 draining" },
        { new() { BreakerOpen = 1 }, "1 with an open breaker" },
        { new() { Error = 1 }, "1 in error" },
        { new() { Suspect = 1 }, "1 suspect" },
        { new() { Draining = 1, BreakerOpen = 2, Error = 3, Suspect = 4 }, "1 draining, 2 with an open breaker, 3 in error, 4 suspect" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void Should_move_tasks_when_all_workers_of_their_queue_are_unavailable(UnavailableWorkers why, string words)
    {
        queue.Submit("a");
        queue.Pass(700);
        var fleet = FleetOf(Unavailable(Machine(QueueUnderTest.Cpu, 8, 8), why), Ready(Machine(QueueUnderTest.Batch, 8, 8)));

        var moved = Assert.Single(UnservedTasks.Decide(queue.State, Overdue(fleet), fleet, queue.Settings.Queues, queue.Now)!.Tasks);

        Assert.Equal(
            $"no worker of cpu_standard could run the task for 600 s: all suitable workers are unavailable ({words})",
            moved.Failure.ErrorMessage);
    }

    [Fact]
    public void Should_not_move_tasks_when_all_workers_of_the_next_queue_are_unavailable()
    {
        queue.Submit("a");
        queue.Pass(700);

        Assert.Empty(Overdue(FleetOf(Unavailable(Machine(QueueUnderTest.Batch, 8, 8), new() { Draining = 1 }))));
    }

    [Fact]
    public void Should_start_the_wait_when_the_last_worker_becomes_unavailable()
    {
        queue.Submit("a");
        queue.Pass(2_000);
        var served = FleetOf(Machine(QueueUnderTest.Cpu, 8, 8), Machine(QueueUnderTest.Batch, 8, 8));
        var open = FleetOf(
            Unavailable(Machine(QueueUnderTest.Cpu, 8, 8), new() { BreakerOpen = 1 }), Ready(Machine(QueueUnderTest.Batch, 8, 8)));

        // No news between the first sighting and the open breaker: until then the worker counts as ready.
        Assert.Empty(Overdue((1_500, served), (601, open)));
        Assert.Single(Overdue((1_500, served), (602, open)));

        // Half-open for a moment, it could have run a probe: the wait starts over.
        Assert.Empty(Overdue((1_500, open), (302, served), (300, open)));
    }

    [Fact]
    public void Should_not_move_tasks_when_a_breaker_is_half_open_by_the_end_of_their_wait()
    {
        queue.Settings = queue.Settings with { Queues = new() { UnservedAfter = TimeSpan.FromSeconds(30) } };
        queue.Submit("a");
        queue.Pass(600);
        var served = FleetOf(Machine(QueueUnderTest.Cpu, 8, 8), Machine(QueueUnderTest.Batch, 8, 8));
        var open = FleetOf(
            Unavailable(Machine(QueueUnderTest.Cpu, 8, 8), new() { BreakerOpen = 1 }), Ready(Machine(QueueUnderTest.Batch, 8, 8)));

        // The news that it is half-open arrives a little late.
        Assert.Empty(Overdue((500, served), (30, open)));
        Assert.Empty(Overdue((500, served), (31.5, open)));
    }

    [Fact]
    public void Should_use_the_waiting_time_of_the_queue_when_it_has_one()
    {
        queue.Settings = queue.Settings with
        {
            Queues = new()
            {
                Definitions =
                [
                    .. queue.Settings.Queues.Definitions.Select(
                        each => each.Name == QueueUnderTest.Cpu ? each with { UnservedAfter = TimeSpan.FromMinutes(2) } : each),
                ],
            },
        };
        queue.Submit(QueueUnderTest.Task("c"), QueueUnderTest.Task("g", GpuFallback));
        queue.Pass(120);
        var fleet = FleetOf(Machine(QueueUnderTest.Batch, 8, 8));

        Assert.Equal(["c"], Overdue((130, fleet)).Select(id => id.Value));
        Assert.Equal(["c"], UnservedTasks.Decide(
            queue.State, [new("c"), new("g")], fleet, queue.Settings.Queues, queue.Now)!.Tasks.Select(task => task.TaskId.Value));
        queue.Pass(480);
        Assert.Equal(["c", "g"], Overdue((610, fleet)).Select(id => id.Value).Order());
        Assert.Equal(TimeSpan.FromSeconds(602), UnservedTasks.SightingsKeptFor(queue.Settings.Queues));
    }

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(60, 6)]
    [InlineData(300, 30)]
    [InlineData(86_400, 30)]
    public void Should_search_ten_times_within_the_shortest_waiting_time(int unservedAfter, double interval)
    {
        var settings = FailoverSettings.Default.Queues with { UnservedAfter = TimeSpan.FromSeconds(unservedAfter) };

        Assert.Equal(TimeSpan.FromSeconds(interval), UnservedTasks.SearchInterval(settings));
    }

    [Fact]
    public void Should_forget_old_sightings_and_keep_the_best_machines()
    {
        queue.Submit(
            [.. Enumerable.Range(1, 4).Select(i => QueueUnderTest.Task($"t{i}") with { ResourceRequirements = new() { MemoryGb = i } })]);
        queue.Pass(2_000);
        var batch = Machine(QueueUnderTest.Batch, 8, 8);
        var seen = Seen(
            (1_500, FleetOf(Machine(QueueUnderTest.Cpu, 3, 8), batch)),
            (500, FleetOf(Machine(QueueUnderTest.Cpu, 2, 8), batch)),
            (400, FleetOf(Machine(QueueUnderTest.Cpu, 1, 8), batch)),
            (300, FleetOf(batch)));

        Assert.Equal(["t4"], Found(seen));
        Assert.Equal(["t4"], Found(seen.Forgetting(queue.Now.AddSeconds(-600))));
        Assert.Equal(["t3", "t4"], Found(seen.Forgetting(queue.Now.AddSeconds(-500))));
        Assert.Equal(["t1", "t2", "t3", "t4"], Found(seen.Forgetting(queue.Now.AddSeconds(-300))));

        IEnumerable<string> Found(FleetSightings sightings) =>
            UnservedTasks.Overdue(
                queue.State, sightings, queue.Settings.Queues, 500, queue.Now).Select(id => id.Value).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void Should_not_move_a_task_when_a_worker_can_run_it_by_then()
    {
        queue.Submit(QueueUnderTest.Task("a"), QueueUnderTest.Task("b"));
        queue.Pass(600);
        var batchOnly = FleetOf(Machine(QueueUnderTest.Batch, 8, 8));
        var overdue = Overdue(batchOnly);
        queue.Lease("w");

        Assert.Null(UnservedTasks.Decide(queue.State, overdue, QueueUnderTest.FleetOf("w"), queue.Settings.Queues, queue.Now));
        Assert.Equal(["b"], UnservedTasks.Decide(
            queue.State, overdue, batchOnly, queue.Settings.Queues, queue.Now)!.Tasks.Select(task => task.TaskId.Value));
    }

    [Fact]
    public void Should_report_what_is_missing_and_for_how_many_tasks()
    {
        queue.Submit([.. Enumerable.Range(0, 10_000).Select(
            i => QueueUnderTest.Task($"m{i}") with { ResourceRequirements = new() { MemoryGb = 80 } })]);
        queue.Submit([.. Enumerable.Range(1, 20).Select(
            i => QueueUnderTest.Task($"d{i}") with { ResourceRequirements = new() { DiskGb = i * 100 } })]);
        queue.Submit([.. Enumerable.Range(1, 3).Select(
            i => QueueUnderTest.Task($"b{i}") with { ResourceRequirements = new() { MemoryGb = 16, DiskGb = 400 } })]);
        queue.Submit(
            QueueUnderTest.Task("g1") with { ResourceRequirements = new() { GpuRequired = true } },
            QueueUnderTest.Task("g2") with { ResourceRequirements = new() { GpuRequired = true } },
            QueueUnderTest.Task("fits"),
            QueueUnderTest.Task("type") with { ContentType = "video" },
            QueueUnderTest.Task("later", QueueUnderTest.Batch));
        var fleet = FleetOf(
            Ready(Machine(QueueUnderTest.Cpu, 16, 100) with { ContentTypes = ["audio"] }),
            Ready(Machine(QueueUnderTest.Cpu, 8, 500) with { ContentTypes = ["audio"] }),
            Unavailable(Machine(QueueUnderTest.Cpu, 8, 600) with { ContentTypes = ["audio"] }, new() { Draining = 2 }));

        var stats = QueueStatistics.Of(queue.State, fleet, fleetIsKnown: true, queue.Settings.Queues).Queues;

        Assert.Equal(
            [
                ("no worker offers 80 GB of memory", 10_000),
                ("no worker offers 700 GB to 2000 GB of disk space", 14),
                ("no worker offers enough memory and disk space together", 3),
                ("no worker has a GPU", 2),
                ("all suitable workers are unavailable (2 draining)", 1),
                ("no worker supports the content type 'video'", 1),
            ],
            NeedsOf(QueueUnderTest.Cpu));
        Assert.Equal([("no live worker serves cpu_batch", 1)], NeedsOf(QueueUnderTest.Batch));
        Assert.Empty(NeedsOf(QueueUnderTest.Gpu));
        Assert.Equal([true, true], stats.Where(queue => queue.Unserved).Select(queue => !queue.UnmetNeeds.IsEmpty));

        IEnumerable<(string, int)> NeedsOf(QueueName name) =>
            stats.Single(queue => queue.QueueType == name).UnmetNeeds.Select(unmet => (unmet.Need, unmet.Tasks));
    }

    private List<TaskId> Overdue(FleetView fleet, FleetView? before = null) => Overdue((700, before ?? fleet), (1, fleet));

    private List<TaskId> Overdue(params (double Ago, FleetView Fleet)[] sightings) =>
        UnservedTasks.Overdue(queue.State, Seen(sightings), queue.Settings.Queues, 500, queue.Now);

    private FleetSightings Seen(params (double Ago, FleetView Fleet)[] sightings) =>
        sightings.Aggregate(FleetSightings.None, (seen, sighting) => seen.Seeing(sighting.Fleet, queue.Now.AddSeconds(-sighting.Ago)));

    private static WorkerProfile Machine(QueueName serves, double memory, double disk) =>
        new() { Capability = WorkerCapability.Cpu, Queues = [serves], MemoryGb = memory, DiskGb = disk };

    private static FleetView FleetOf(params WorkerProfile[] machines) => FleetOf([.. machines.Select(profile => Ready(profile))]);

    private static FleetView FleetOf(params ProfileCount[] workers) =>
        FleetView.Empty.With(new FleetSlice { Bucket = 0, Profiles = [.. workers] });

    private static ProfileCount Ready(WorkerProfile profile) =>
        new() { Profile = profile, Live = 1, Ready = 1, SomeReady = [new WorkerId($"w{profile.MemoryGb}")] };

    private static ProfileCount Unavailable(WorkerProfile profile, UnavailableWorkers why) =>
        new() { Profile = profile, Live = why.Draining + why.BreakerOpen + why.Error + why.Suspect, Unavailable = why };
}
