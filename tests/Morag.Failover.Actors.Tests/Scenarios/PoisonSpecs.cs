using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>One bad document must not close down a fleet.</summary>
public sealed class PoisonSpecs(ITestOutputHelper output)
    : ScenarioSpec(output, Defaults with { Workers = Defaults.Workers with { BreakerThreshold = 2 } })
{
    [Fact]
    public async Task Should_park_a_document_and_close_the_breakers_that_only_it_opened_when_it_fails_everywhere()
    {
        var first = await RegisterAsync("cpu-1");
        await DoesWellAsync(first);
        var bad = await SubmitAsync("bad", "cpu_standard");
        (await first.FailAsync(await first.LeaseOneAsync(), ProcessingError, "malformed"))
            .Chose(ReassignSameQueue, "processing_error")
            .WithoutGuards()
            .Delaying(0);
        var again = await first.FailAsync(await first.LeaseOneAsync(), ProcessingError, "malformed");

        // Nobody else is there: the same worker fails it twice, which proves nothing of the task, and opens the breaker.
        again.Chose(ReassignSameQueue, "processing_error").WithoutGuards().Knowing("worker_breaker", "open");
        var second = await RegisterAsync("cpu-2");
        await DoesWellAsync(second);
        await PassAsync(TimeSpan.FromSeconds(5));
        var verdict = (await second.FailAsync(await second.LeaseOneAsync(), ProcessingError, "malformed"))
            .Chose(ManualIntervention, "processing_error").Overruling("poison", ReassignSameQueue, "2 different workers", "cpu-1", "cpu-2");

        Assert.Equal(verdict.SelectedAction.Reason, (await TaskAsync(bad)).ParkedBecause);
        (await DecisionAsync(bad, number: 3)).CarriedOut();
        await AssertExcusedAsync(first, failures: 2);
        await AssertExcusedAsync(second, failures: 1);
        await SubmitAsync("good", "cpu_standard");
        await first.CompleteAsync(await first.LeaseOneAsync());
    }

    [Fact]
    public async Task Should_park_a_document_and_excuse_its_hosts_when_it_kills_three_of_them()
    {
        var killer = await SubmitAsync("killer", "gpu_priority");
        var hosts = new List<ScenarioWorker>();
        for (var i = 1; i <= 3; i++)
        {
            var host = await RegisterAsync($"gpu-{i}", WorkerCapability.Gpu);
            hosts.Add(host);
            await PassAsync(TimeSpan.FromSeconds(15));
            Assert.Equal(killer, (await host.LeaseOneAsync()).TaskId);
            await PassAsync(TimeSpan.FromSeconds(15));
            host.FallsSilent();
            await PassAsync(TimeSpan.FromSeconds(60));
            var decision = await DecisionAsync(killer, i);
            if (i < 3)
            {
                decision.Chose(ReassignSameQueue, "worker_offline").WithoutGuards().CarriedOut();
            }
            else
            {
                decision.Chose(ManualIntervention, "worker_offline")
                    .Overruling(
                        "poison",
                        ReassignSameQueue,
                        "was running on 3 different workers when they were lost",
                        "gpu-1",
                        "gpu-2",
                        "gpu-3")
                    .CarriedOut();
            }
        }

        Assert.Equal(TaskState.Parked, (await TaskAsync(killer)).State);
        foreach (var host in hosts)
        {
            await AssertExcusedAsync(host, failures: 1);
        }
    }

    [Fact]
    public async Task Should_not_park_a_document_when_three_power_cuts_half_an_hour_apart_each_took_its_host_first()
    {
        var task = await SubmitAsync("innocent", "gpu_priority");
        for (var cut = 1; cut <= 3; cut++)
        {
            // Its host beats oftenest, and so is missed before the others of its rack.
            var host = await RegisterAsync($"host-{cut}", WorkerCapability.Gpu, with: each => each with { HeartbeatIntervalSeconds = 2 });
            var rack = new List<ScenarioWorker> { host };
            for (var i = 1; i <= 3; i++)
            {
                var neighbour = await RegisterAsync($"cpu-{cut}-{i}");
                rack.Add(neighbour);
                await SubmitAsync($"page-{cut}-{i}", "cpu_standard");
                await neighbour.LeaseOneAsync();
            }

            await PassAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(task, (await host.LeaseOneAsync()).TaskId);
            await PassAsync(TimeSpan.FromMinutes(1));
            rack.ForEach(worker => worker.FallsSilent());
            await PassAsync(TimeSpan.FromMinutes(25));

            (await DecisionAsync(task, cut)).Chose(ReassignSameQueue, "worker_offline").WithoutGuards().CarriedOut();
        }
    }

    /// <summary>The bad document waits out its delay meanwhile.</summary>
    private async Task DoesWellAsync(ScenarioWorker worker)
    {
        await SubmitAsync($"well-{worker.Id}", "cpu_standard");
        await worker.CompleteAsync(await worker.LeaseOneAsync());
    }

    private static async Task AssertExcusedAsync(ScenarioWorker worker, long failures)
    {
        var score = await worker.ScoreAsync();
        Assert.Equal((failures, 0, BreakerState.Closed), (score.FailureCount, score.ConsecutiveFailures, score.BreakerState));
    }
}
