using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>A worker goes missing with work in hand.</summary>
public sealed class WorkerLossSpecs(ITestOutputHelper output) : ScenarioSpec(output)
{
    [Fact]
    public async Task Should_count_one_failure_and_decide_every_task_when_a_worker_is_lost_with_many_tasks()
    {
        var lost = await RegisterAsync("cpu-1", slots: 12);
        var other = await RegisterAsync("cpu-2", slots: 12);
        var tasks = await SubmitManyAsync(4, "report", "cpu_standard");
        var batch = await SubmitManyAsync(8, "archive", "cpu_batch");
        Assert.Equal(12, (await lost.LeaseAsync()).Count);

        await PassAsync(TimeSpan.FromMinutes(1));
        lost.FallsSilent();
        await PassAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(Liveness.Offline, (await lost.InfoAsync()).Liveness);
        var score = await lost.ScoreAsync();
        Assert.Equal((1, 1), (score.FailureCount, score.ConsecutiveFailures));
        Assert.Equal(12, (await other.LeaseAsync()).Count);
        var losses = new HashSet<string>();
        foreach (var task in tasks.Concat(batch))
        {
            var decision = (await DecisionAsync(task)).Chose(FailoverStrategy.ReassignSameQueue, "worker_offline").WithoutGuards().CarriedOut();
            Assert.Equal(FailureType.WorkerOffline, decision.FailureEvent.FailureType);
            losses.Add(decision.DecisionMetadata.Facts["loss_id"]);
            Assert.Equal((TaskState.Leased, other.Id), ((await TaskAsync(task)).State, (await TaskAsync(task)).WorkerId));
        }

        Assert.Single(losses);
    }
}
