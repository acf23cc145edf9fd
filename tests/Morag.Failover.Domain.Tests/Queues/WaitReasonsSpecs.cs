using CsCheck;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class WaitReasonsSpecs
{
    private static readonly WorkerProfile Gpu =
        new() { Capability = WorkerCapability.Gpu, GpuCount = 1, MemoryGb = 16, DiskGb = 100, ContentTypes = ["video/mp4"] };

    private readonly QueueUnderTest queue = new() { Fleet = QueueUnderTest.FleetOf("cpu-1", "cpu-2") };

    [Fact]
    public void Should_count_the_tasks_that_a_capable_worker_gets_first()
    {
        queue.Submit("older");
        queue.Submit(QueueUnderTest.Task("t"), QueueUnderTest.Task("younger"));
        queue.Submit(
            QueueUnderTest.Task("high") with { Priority = TaskPriority.High },
            QueueUnderTest.Task("urgent") with { Priority = TaskPriority.Urgent },
            QueueUnderTest.Task("large") with { Priority = TaskPriority.Urgent, ResourceRequirements = Needs(64) },
            QueueUnderTest.Task("elsewhere", QueueUnderTest.Batch) with { Priority = TaskPriority.Urgent });

        var waiting = Explain("t");

        Assert.Equal((WaitReason.Behind, 2, 1), (waiting.Reason, waiting.HigherPriorityAhead, waiting.OlderAhead));
        Assert.Equal(
            "The task is behind 2 tasks of higher priority and 1 older task in cpu_standard (up to 2 available workers can run it).",
            waiting.Sentence);
        Assert.Equal(WaitReason.WorkersBusy, Explain("urgent").Reason);
    }

    [Fact]
    public void Should_agree_with_the_order_in_which_leases_are_granted() => Gen.Select(
        Gen.OneOf(Gen.Const(TaskPriority.Low), Gen.Const(TaskPriority.Normal), Gen.Const(TaskPriority.High)), Gen.Int[0, 3], Gen.Bool)
        .Array[1, 80].Sample(
            tasks =>
            {
                var queue = new QueueUnderTest { Fleet = QueueUnderTest.FleetOf("w") };
                queue.Submit([.. tasks.Select((task, number) => QueueUnderTest.Task($"t{number}") with
                {
                    Priority = task.Item1,
                    ContentType = task.Item3 ? "text/plain" : null,
                    ResourceRequirements = Needs(10 * task.Item2, 50 * task.Item2),
                })]);
                foreach (var task in queue.State.Tasks.Values.ToList())
                {
                    var waiting = WaitReasons.Of(queue.State, task, queue.Fleet, isFleetKnown: true, queue.Settings.Queues);
                    var granted = new QueueUnderTest { Fleet = queue.Fleet };
                    queue.Events.ForEach(granted.Apply);
                    var order = granted.Lease("w", 1_000).Select(lease => lease.TaskId).ToList();
                    var place = order.IndexOf(task.TaskId);

                    Assert.Equal(place < 0, waiting.Reason == WaitReason.NoCapableWorker);
                    Assert.Equal(Math.Max(0, place), (waiting.HigherPriorityAhead ?? 0) + (waiting.OlderAhead ?? 0));
                }
            },
            iter: 20);

    [Fact]
    public void Should_name_the_nearest_worker_and_what_it_lacks()
    {
        queue.Fleet = Fleet(Gpu, Gpu with { MemoryGb = 8 }, Gpu with { MemoryGb = 64, ContentTypes = ["audio/ogg"] });
        queue.Submit(QueueUnderTest.Task("t", QueueUnderTest.Gpu) with
        {
            ContentType = "video/mp4",
            ResourceRequirements = Needs(24) with { GpuRequired = true },
        });

        var waiting = Explain("t");

        Assert.Equal((WaitReason.NoCapableWorker, "w0 has 16 GiB of memory, and the task needs 24"), (waiting.Reason, waiting.NearestMiss));
        Assert.Equal(
            "No worker of gpu_priority can run the task; nearest: w0 has 16 GiB of memory, and the task needs 24.", waiting.Sentence);
    }

    [Fact]
    public void Should_say_that_no_worker_serves_the_queue_and_where_the_task_moves()
    {
        queue.Submit(QueueUnderTest.Task("t", QueueUnderTest.Gpu));

        var waiting = Explain("t");

        Assert.Equal(WaitReason.UnservedQueue, waiting.Reason);
        Assert.Equal((QueueUnderTest.Cpu, QueueUnderTest.Start.AddMinutes(10)), (waiting.MovesTo, waiting.MovesAt));
        Assert.Equal(
            "No live worker serves gpu_priority; unless that changes, the task moves to cpu_standard after 2026-01-01 00:10:00Z.",
            waiting.Sentence);
    }

    [Fact]
    public void Should_say_why_the_only_capable_worker_gets_no_leases()
    {
        queue.Fleet = FleetView.Empty.With(new FleetSlice
        {
            Bucket = 0,
            Profiles = [new ProfileCount { Profile = QueueUnderTest.CpuProfile, Live = 1, Unavailable = new() { BreakerOpen = 1 } }],
        });
        queue.Submit("t");

        var waiting = Explain("t");

        Assert.Equal((WaitReason.WorkersUnavailable, 0, 1), (waiting.Reason, waiting.CapableWorkers, waiting.UnavailableWorkers));
        Assert.Equal("Every worker of cpu_standard that can run the task is unavailable (1 with an open breaker).", waiting.Sentence);
    }

    [Fact]
    public void Should_name_the_pause_of_the_queue_first()
    {
        queue.Submit("t");
        queue.Pause(QueueUnderTest.Cpu, "a bad model", "anna");

        Assert.Equal(
            (WaitReason.QueuePaused, "The task waits because the queue cpu_standard is paused by anna: a bad model."),
            (Explain("t").Reason, Explain("t").Sentence));
    }

    [Fact]
    public void Should_explain_every_state()
    {
        queue.Submit("t");
        Assert.Equal(WaitReason.WorkersUnknown, Explain("t", isFleetKnown: false).Reason);
        var lease = Assert.Single(queue.Lease("cpu-1"));
        Assert.Equal((WaitReason.None, "cpu-1"), (Explain("t").Reason, Explain("t").WorkerId?.Value));

        queue.Fail("t", "cpu-1", lease.Epoch);
        Assert.Equal(WaitReason.Deciding, Explain("t").Reason);
        queue.Reassign("t", FailoverStrategy.RetrySameWorker, command => command with { Delay = TimeSpan.FromMinutes(1) });
        Assert.Equal((WaitReason.Backoff, queue.Now.AddMinutes(1)), (Explain("t").Reason, Explain("t").Until));
        queue.Pass(61);
        queue.Apply(DueTasks.Decide(queue.State, queue.Settings.Queues, 10, queue.Now)!);
        Assert.Equal((WaitReason.Pinned, queue.Now.AddSeconds(60)), (Explain("t").Reason, Explain("t").Until));
        Assert.Contains("cpu-1, the only worker", Explain("t").Sentence, StringComparison.Ordinal);

        lease = Assert.Single(queue.Lease("cpu-1"));
        queue.Fail("t", "cpu-1", lease.Epoch);
        queue.Reassign("t", FailoverStrategy.ManualIntervention);
        Assert.Equal(WaitReason.Parked, Explain("t").Reason);
        queue.Do(OperatorCommands.Decide(queue.State, new CancelTask { TaskId = new("t") }, queue.Now));
        Assert.Equal(WaitReason.None, Explain("t").Reason);
        Assert.All(Enum.GetValues<TaskState>(), state => Assert.NotEmpty(
            WaitReasons.Of(
                queue.State,
                queue["t"] with { State = state, Pending = new() { Epoch = new(1), FailureType = FailureType.TaskTimeout } },
                queue.Fleet,
                isFleetKnown: true,
                queue.Settings.Queues).Sentence));
    }

    private static ResourceRequirements Needs(double memoryGb, double diskGb = 0) => new() { MemoryGb = memoryGb, DiskGb = diskGb };

    private static FleetView Fleet(params WorkerProfile[] profiles) => FleetView.Empty.With(new FleetSlice
    {
        Bucket = 0,
        Profiles = [.. profiles.Select((profile, number) => new ProfileCount
        {
            Profile = profile,
            Live = 1,
            Ready = 1,
            SomeReady = [new WorkerId($"w{number}")],
        })],
    });

    private TaskWaiting Explain(string task, bool isFleetKnown = true) =>
        WaitReasons.Of(queue.State, queue[task], queue.Fleet, isFleetKnown, queue.Settings.Queues);
}
