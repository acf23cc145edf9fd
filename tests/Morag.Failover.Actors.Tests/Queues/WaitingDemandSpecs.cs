using Morag.Failover.Actors.Queues;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Tests.Queues;

/// <summary>Which waiting worker a task is promised to.</summary>
public sealed class WaitingDemandSpecs
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly QueueName Queue = new("cpu_standard");

    private readonly List<TaskId> submitted = [];
    private QueueState state = QueueState.Empty;
    private WaitingDemand demand = new(new QueueSettings(), firstNumber: 0);

    [Fact]
    public void Should_promise_three_two_and_two_when_seven_tasks_meet_three_waiting_workers()
    {
        Wait("a", "b", "c");
        var woken = Offer(Submit(7));

        Assert.Equal(["a", "b", "c"], woken);
        Assert.Equal((3, 2, 2), (demand.Remove(new("a")).Count, demand.Remove(new("b")).Count, demand.Remove(new("c")).Count));
    }

    [Fact]
    public void Should_fill_one_worker_before_the_next_when_the_queue_is_packed()
    {
        var queues = new QueueSettings();
        var packed = queues.Definitions.Select(queue => queue with { Placement = Placement.Pack });
        demand = new(queues with { Definitions = [.. packed] }, firstNumber: 0);
        Wait("a", "b", "c");

        Assert.Equal(["a", "b"], Offer(Submit(9)));
        Assert.Equal((8, 1), (demand.Remove(new("a")).Count, demand.Remove(new("b")).Count));
    }

    [Fact]
    public void Should_rank_workers_by_free_share_then_score_then_warmth_then_waiting_time()
    {
        Wait(Request("half") with { MaxTasks = 4, Queues = [new() { Queue = Queue, Cap = 8, HeldElsewhere = 4 }] });
        Wait(Request("poor") with { SuccessRate = 0.5 });
        Wait("cold");
        Wait("warm");
        Wait(Request("good") with { SuccessRate = 0.99 });
        demand.Warm.Completed(new("warm"), "audio", T0);

        var order = Enumerable.Range(0, 5).Select(_ =>
        {
            var woken = Assert.Single(Offer(Submit(1, task => task with { ContentType = "audio" })));
            demand.Remove(new(woken));
            return woken;
        });

        Assert.Equal(["warm", "cold", "good", "poor", "half"], order);
    }

    [Fact]
    public void Should_not_promise_a_task_to_a_worker_that_cannot_run_it()
    {
        Wait(Request("small") with { Profile = new() { Capability = WorkerCapability.Cpu, MemoryGb = 4, DiskGb = 10 } });
        Wait(Request("video") with { Profile = Machine with { ContentTypes = ["video"] } });
        Wait(Request("full") with { Queues = [new() { Queue = Queue, Cap = 2, HeldElsewhere = 2 }] });
        Wait(Request("other") with { Queues = [new() { Queue = new("cpu_batch"), Cap = 8 }] });
        var needs = new ResourceRequirements { MemoryGb = 8 };

        Assert.Empty(Offer(Submit(1, task => task with { ContentType = "audio", ResourceRequirements = needs })));
        Assert.Empty(Offer(Submit(1, task => task with { ResourceRequirements = new() { GpuRequired = true } })));
        Assert.Equal(["video"], Offer(Submit(1, task => task with { ContentType = "video", ResourceRequirements = needs })));
        Assert.Equal(["small"], Offer(Submit(9, task => task with { ResourceRequirements = new() { DiskGb = 10 } })));
    }

    [Fact]
    public void Should_match_each_task_when_six_thousand_workers_offer_different_disk_space()
    {
        for (var i = 0; i < 6_000; i++)
        {
            Wait(Request(
                $"w{i:0000}") with
            { MaxTasks = 1, Profile = Machine with { DiskGb = i, ContentTypes = i % 2 == 0 ? [] : ["audio"] } });
        }

        Assert.Equal(
            ["w5990"], Offer(Submit(1, task => task with { ContentType = "video", ResourceRequirements = new() { DiskGb = 5_989.5 } })));
        Assert.Equal(
            ["w5999"], Offer(Submit(1, task => task with { ContentType = "audio", ResourceRequirements = new() { DiskGb = 5_999 } })));
        Assert.Empty(Offer(Submit(10, task => task with { ResourceRequirements = new() { DiskGb = 6_000 } })));
        Assert.Equal(2, demand.Expire(state, T0.AddSeconds(10), TimeSpan.FromSeconds(2)).Released.Count);
    }

    [Fact]
    public void Should_release_promised_tasks_when_a_woken_worker_does_not_come_or_stops_waiting()
    {
        Wait("a");
        Offer(Submit(2));

        Assert.True(demand.IsReserved(submitted[0], T0.AddMilliseconds(499)));
        Assert.False(demand.IsReserved(submitted[0], T0.AddMilliseconds(500)));
        Assert.Empty(demand.Expire(state, T0.AddSeconds(1), TimeSpan.FromSeconds(2)).Released);
        var (released, waitAgain) = demand.Expire(state, T0.AddSeconds(2), TimeSpan.FromSeconds(2));
        Assert.Equal(submitted, released);
        Assert.Equal([new WorkerId("a")], waitAgain);
        Assert.False(demand.IsReserved(submitted[0], T0));
        Assert.Equal(["a"], Offer(released));
        (released, waitAgain) = demand.Expire(state, T0.AddSeconds(30), TimeSpan.FromMinutes(2));
        Assert.Equal(submitted, released);
        Assert.Equal((0, true), (waitAgain.Count, demand.IsEmpty));
    }

    [Fact]
    public void Should_prefer_workers_that_come_when_woken()
    {
        Wait("silent");
        Offer(Submit(1));
        Wait(Request("small") with { MaxTasks = 1, Queues = [new() { Queue = Queue, Cap = 8, HeldElsewhere = 7 }] });

        var (released, waitAgain) = demand.Expire(state, T0.AddSeconds(2), TimeSpan.FromSeconds(2));

        Assert.Equal([new WorkerId("silent")], waitAgain);
        Assert.Equal(["small"], Offer(released));
        Assert.Equal(["silent"], Offer(Submit(1)));
        demand.Remove(new("silent"));
        Wait("silent");
        Wait(Request("other") with { SuccessRate = 0.5 });
        Assert.Equal(["silent"], Offer(Submit(1)));
    }

    [Fact]
    public void Should_forget_a_withdrawn_interest_and_keep_a_newer_one()
    {
        Wait("a");
        Offer(Submit(1));
        var number = demand.NumberOf(new("a"));

        // The interest keeps its number while the worker waits again, so a delayed withdrawal still applies.
        Assert.Single(demand.Expire(state, T0.AddSeconds(2), TimeSpan.FromSeconds(2)).WaitAgain);
        Offer([submitted[0]]);
        Assert.Equal([submitted[0]], demand.Withdraw(new("a"), number));
        Assert.True(demand.IsEmpty);

        Wait("a");
        Assert.Empty(demand.Withdraw(new("a"), number));
        Assert.False(demand.IsEmpty);
    }

    [Fact]
    public void Should_promise_nothing_to_a_resting_worker()
    {
        demand.Add(Request("a"), WorkerShare.Empty, T0.AddSeconds(30), restsUntil: T0.AddSeconds(2));
        var tasks = Submit(1);

        Assert.Empty(Offer(tasks));
        Assert.Equal([new WorkerId("a")], demand.Expire(state, T0.AddSeconds(2), TimeSpan.FromSeconds(2)).WaitAgain);
        Assert.Equal(["a"], Offer(tasks));
    }

    private static WorkerProfile Machine => new() { Capability = WorkerCapability.Cpu, MemoryGb = 16, DiskGb = 100 };

    private static GrantLeases Request(string worker) => new()
    {
        Partition = 0,
        WorkerId = new(worker),
        Profile = Machine,
        MaxTasks = 8,
        MaxHeld = 8,
        Queues = [new() { Queue = Queue, Cap = 8 }],
    };

    private void Wait(params string[] workers) => Array.ForEach(workers, worker => Wait(Request(worker)));

    private void Wait(GrantLeases request) => demand.Add(request, WorkerShare.Empty, T0.AddSeconds(30), restsUntil: null);

    private List<TaskId> Submit(int count, Func<TaskSubmission, TaskSubmission>? with = null)
    {
        List<TaskId> ids = [.. Enumerable.Range(submitted.Count, count).Select(i => new TaskId($"t{i}"))];
        submitted.AddRange(ids);
        state = QueueEvents.Apply(state, new TasksAccepted
        {
            At = T0,
            Tasks = [.. ids.Select(id => new TaskSubmission { TaskId = id, Queue = Queue }).Select(with ?? (task => task))],
        });
        Assert.Equal(ids, state.JustReady);
        return ids;
    }

    private List<string> Offer(List<TaskId> tasks) => demand.Offer(tasks, state, T0).ConvertAll(worker => worker.Value);
}
