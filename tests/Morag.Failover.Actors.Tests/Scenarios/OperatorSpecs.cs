using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>What an operator does with workers holds until the operator lifts it.</summary>
public sealed class OperatorSpecs(ITestOutputHelper output) : ScenarioSpec(output)
{
    [Fact]
    public async Task Should_give_leases_back_at_the_deadline_and_drain_on_when_the_worker_registers_again()
    {
        var worker = await RegisterAsync("cpu-1", slots: 2);
        var task = await SubmitAsync("page", "cpu_standard");
        await SubmitAsync("next", "cpu_standard");
        var lease = await worker.LeaseOneAsync();
        await Owners.AskAsync<Done>(
            Owners.Workers,
            new DrainWorker { WorkerId = worker.Id, Reason = "a new disk", Deadline = TimeSpan.FromMinutes(5) });

        await PassAsync(TimeSpan.FromMinutes(2));
        await worker.RegisterAgainAsync();
        await CrashEverythingAsync();
        Assert.Empty(await worker.LeaseAsync());
        await PassAsync(TimeSpan.FromMinutes(3) - TimeSpan.FromSeconds(1));
        Assert.Equal((TaskState.Leased, true), ((await TaskAsync(task)).State, (await worker.BeatAsync()).Draining));
        await PassAsync(TimeSpan.FromSeconds(1));

        var returned = await TaskAsync(task);
        Assert.Equal((TaskState.Queued, 0), (returned.State, returned.RetryCount));
        Assert.Equal(("released", "the drain's deadline passed (a new disk)"), (returned.History[^1].What, returned.History[^1].Detail));
        Assert.Empty((await ExplainAsync(task)).Decisions);
        Assert.Equal(0, (await worker.ScoreAsync()).TotalTasks);
        worker.Forget(lease);

        await worker.StartAsync();
        await PassAsync(TimeSpan.FromMinutes(10));
        Assert.Equal((true, WorkerStatus.Maintenance), ((await worker.InfoAsync()).Draining, (await worker.InfoAsync()).Status));
        Assert.Empty(await worker.LeaseAsync());
        await Owners.AskAsync<Done>(Owners.Workers, new ResumeWorker { WorkerId = worker.Id });
        Assert.Equal(2, (await worker.LeaseAsync()).Count);
    }

    [Fact]
    public async Task Should_decide_each_lease_at_once_and_answer_with_them_when_an_operator_takes_a_worker_offline()
    {
        var worker = await RegisterAsync("cpu-1", slots: 2);
        var tasks = await SubmitManyAsync(2, "page", "cpu_standard");
        await worker.LeaseAsync();
        await PassAsync(TimeSpan.FromHours(1) - TimeSpan.FromMinutes(1));

        var offline = await Owners.AskAsync<WorkerTakenOffline>(
            Owners.Workers,
            new TakeWorkerOffline { WorkerId = worker.Id, Reason = "it smokes" });

        Assert.Equal(tasks, offline.Leases.Select(lease => lease.TaskId));
        foreach (var task in tasks)
        {
            var decision = (await DecisionAsync(task)).Chose(ReassignSameQueue, "worker_offline").WithoutGuards()
                .Knowing("loss_id", offline.LossId.Value).CarriedOut();
            Assert.Contains("it smokes", decision.FailureEvent.ErrorMessage, StringComparison.Ordinal);
        }

        Assert.Equal(1, (await worker.ScoreAsync()).FailureCount);
        await worker.BeatAsync();
        await PassAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(Liveness.Offline, (await worker.InfoAsync()).Liveness);
        Assert.Empty(await worker.LeaseAsync());
        await worker.StartAsync();
        Assert.Equal(2, (await worker.LeaseAsync()).Count);
    }
}
