using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Nodes;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>
/// A worker talks to one node, and its owner runs on another one. Only silence that a healthy gateway observed is held against the worker.
/// </summary>
public sealed class GatewaySpecs : ScenarioSpec
{
    private static readonly Address NodeB = new("akka.tcp", "morag", "10.0.0.2", 8081);

    private readonly Gateways gateways;
    private NodeBeat? beat = new();

    public GatewaySpecs(ITestOutputHelper output)
        : base(output)
    {
        gateways = Gateways.Of(Sys);
        gateways.Joined(NodeB, Clock.Now);
    }

    [Fact]
    public async Task Should_find_a_dead_worker_as_fast_and_blame_it_as_ever_when_its_gateway_is_healthy()
    {
        var (distant, task) = await WorkingThroughNodeBAsync();
        var near = await RegisterAsync("cpu-2", with: EverySecond);
        await PassSecondsAsync(10);

        distant.FallsSilent();
        near.FallsSilent();
        while ((await near.InfoAsync()).Liveness != Liveness.Offline)
        {
            await PassSecondsAsync(1);
        }

        Assert.Equal(Liveness.Offline, (await distant.InfoAsync()).Liveness);
        (await DecisionAsync(task)).Chose(ReassignSameQueue, "worker_offline").CarriedOut();
        Assert.Equal(1, (await distant.ScoreAsync()).FailureCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_keep_its_leases_and_blame_nobody_when_its_gateway_is_killed_or_leaves(bool leaves)
    {
        var (worker, task) = await WorkingThroughNodeBAsync();
        await PassSecondsAsync(10);

        // Killed: the cluster needs four seconds to notice. Leaving: it says so at once and is gone four seconds later.
        beat = leaves ? beat : null;
        worker.FallsSilent();
        if (leaves)
        {
            gateways.Lost(NodeB, Clock.Now);
        }

        await PassSecondsAsync(4);
        gateways.Lost(NodeB, Clock.Now);
        gateways.Gone(NodeB, Clock.Now);
        beat = null;
        await PassSecondsAsync(4);
        await MovesOnAsync(worker, null);

        await IsUnharmedAsync(worker, task);
    }

    [Fact]
    public async Task Should_keep_its_leases_and_blame_nobody_when_its_gateway_is_frozen()
    {
        var (worker, task) = await WorkingThroughNodeBAsync();
        await PassSecondsAsync(10);

        beat = null;
        worker.FallsSilent();
        await PassSecondsAsync(15);
        Assert.Equal(Liveness.Alive, (await worker.InfoAsync()).Liveness);
        beat = new();
        await PassSecondsAsync(4);
        await MovesOnAsync(worker, NodeB);

        await IsUnharmedAsync(worker, task);
    }

    [Fact]
    public async Task Should_keep_its_leases_and_blame_nobody_when_its_gateway_is_cut_off_from_the_owner_only()
    {
        var (worker, task) = await WorkingThroughNodeBAsync();
        await PassSecondsAsync(10);

        beat = null;
        worker.FallsSilent();
        await PassSecondsAsync(5);
        gateways.Lost(NodeB, Clock.Now);
        await PassSecondsAsync(4);
        gateways.Reachable(NodeB, Clock.Now);
        beat = new();
        await PassSecondsAsync(4);
        await MovesOnAsync(worker, NodeB);

        await IsUnharmedAsync(worker, task);
    }

    [Fact]
    public async Task Should_blame_nobody_when_the_worker_may_have_turned_to_a_node_that_cannot_be_heard()
    {
        var worker = await RegisterAsync("cpu-1", with: EverySecond);
        await PassSecondsAsync(10);

        beat = null;
        worker.FallsSilent();
        await PassSecondsAsync(60);

        Assert.Equal(Liveness.Offline, (await worker.InfoAsync()).Liveness);
        Assert.Equal(0, (await worker.ScoreAsync()).FailureCount);
    }

    [Fact]
    public async Task Should_wait_longer_and_show_why_when_its_gateway_is_slow()
    {
        var (worker, task) = await WorkingThroughNodeBAsync();
        await PassSecondsAsync(10);

        beat = new() { ExtraPatience = 1.5, PatienceReason = "timers ran 1.75 s late" };
        worker.FallsSilent();
        await PassSecondsAsync(9);
        var info = await worker.InfoAsync();
        Assert.Equal(("10.0.0.2:8081", 2.5, "timers ran 1.75 s late"), (info.Gateway, info.Patience, info.PatienceReason));
        await MovesOnAsync(worker, NodeB);

        await IsUnharmedAsync(worker, task);
    }

    [Fact]
    public async Task Should_give_a_full_timeout_and_blame_nobody_when_the_gateway_and_the_owner_are_killed_together()
    {
        var (worker, task) = await WorkingThroughNodeBAsync();
        await PassSecondsAsync(10);

        worker.FallsSilent();
        beat = null;
        await PassSecondsAsync(4);
        gateways.Gone(NodeB, Clock.Now);
        await Owners.CrashAsync(worker.Id);
        await PassSecondsAsync(4);
        Assert.Null((await worker.InfoAsync()).Gateway);
        await MovesOnAsync(worker, null);

        await IsUnharmedAsync(worker, task);
    }

    [Theory]
    [InlineData(false, "its node 10.0.0.2:8081 was lost at")]
    [InlineData(true, "it has not called since its owner started, after node 10.0.0.2:8081 was lost at")]
    public async Task Should_move_its_tasks_after_the_full_timeout_and_blame_nobody_when_worker_and_gateway_die(
        bool ownerToo, string reason)
    {
        var (worker, task) = await WorkingThroughNodeBAsync();
        await PassSecondsAsync(10);

        worker.FallsSilent();
        beat = null;
        gateways.Gone(NodeB, Clock.Now);
        if (ownerToo)
        {
            await Owners.CrashAsync(worker.Id);
        }

        await PassSecondsAsync(3);
        Assert.NotEqual(Liveness.Offline, (await worker.InfoAsync()).Liveness);
        await PassSecondsAsync(6);

        Assert.Equal(Liveness.Offline, (await worker.InfoAsync()).Liveness);
        var decision = (await DecisionAsync(task)).Chose(ReassignSameQueue, "worker_offline").CarriedOut();
        Assert.StartsWith(reason, decision.FailureEvent.ErrorMessage, StringComparison.Ordinal);
        decision.Knowing("excluded_from_budgets", "true").Knowing("unobserved", "true: no healthy node saw the loss");
        Assert.Equal((0, 0), ((await worker.ScoreAsync()).FailureCount, (await worker.ScoreAsync()).TotalTasks));
    }

    private static WorkerRegistration EverySecond(WorkerRegistration worker) => worker with { HeartbeatIntervalSeconds = 1 };

    private async Task<(ScenarioWorker Worker, TaskId Task)> WorkingThroughNodeBAsync()
    {
        var worker = await RegisterAsync("cpu-1", with: EverySecond);
        worker.Gateway = NodeB;
        await worker.BeatAsync();
        var task = await SubmitAsync("page", "cpu_standard");
        await worker.LeaseOneAsync();
        return (worker, task);
    }

    private static async Task MovesOnAsync(ScenarioWorker worker, Address? node)
    {
        worker.Gateway = node;
        await worker.BeatAsync();
        worker.KeepsBeating();
    }

    private async Task IsUnharmedAsync(ScenarioWorker worker, TaskId task)
    {
        await PassSecondsAsync(20);
        Assert.Equal((Liveness.Alive, TaskState.Leased), ((await worker.InfoAsync()).Liveness, (await TaskAsync(task)).State));
        Assert.Empty((await ExplainAsync(task)).Decisions);
        await worker.CompleteAsync(Assert.Single(worker.Holds));
        await PassSecondsAsync(1);
        Assert.Equal((0, 1), ((await worker.ScoreAsync()).FailureCount, (await worker.ScoreAsync()).TotalTasks));
    }

    private async Task PassSecondsAsync(int seconds)
    {
        for (var passed = 0; passed < seconds; passed++)
        {
            if (beat is not null)
            {
                gateways.Beat(NodeB, beat, Gateways.ToleranceOf(Defaults.Workers), Clock.Now);
            }

            await PassAsync(TimeSpan.FromSeconds(1));
        }
    }
}
