using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>What an operator does with queues holds on every partition until the operator lifts it.</summary>
public sealed class PausedQueueSpecs(ITestOutputHelper output)
    : ScenarioSpec(output, Defaults with { Partitions = new() { Queues = 3, Coordinators = 2, DirectoryBuckets = 1 } })
{
    private const int Tasks = 8;
    private static readonly QueueName Cpu = new("cpu_standard");

    [Fact]
    public async Task Should_pause_on_every_partition_and_over_a_crash_and_give_everything_out_after_the_end_of_the_pause()
    {
        var worker = await RegisterAsync("cpu-1", slots: 100);
        var held = await SubmitAsync("held", Cpu.Value);
        var lease = await worker.LeaseOneAsync();
        await SetLimitAsync(new QueueLimits { PerWorker = 100 });
        var paused = await Owners.AskAsync<QueueControlReport>(
            Owners.Queues, new PauseQueue { Queue = Cpu, Reason = "a bad model", By = "anna" });
        Assert.Equal(("a bad model", 0), (paused.Pause?.Reason, paused.NotYetOn.Length));
        var tasks = await SubmitManyAsync(Tasks, "page", Cpu.Value);

        Assert.Empty(await LeaseAllAsync(worker));
        await CrashEverythingAsync();
        Assert.Empty(await LeaseAllAsync(worker));
        Assert.Equal("the queue cpu_standard is paused by anna: a bad model", (await TaskAsync(tasks[^1])).UnmetNeed);
        Assert.Equal("anna", (await QueueAsync(Cpu.Value)).Pause?.By);
        await worker.CompleteAsync(lease);
        Assert.Equal(TaskState.Succeeded, (await TaskAsync(held)).State);

        var waiting = Owners.Workers.Ask<IWireMessage>(
            new RequestLeases
            {
                WorkerId = worker.Id,
                MaxTasks = 1,
                Wait = TimeSpan.FromSeconds(30),
                InstanceId = worker.Registration.InstanceId,
            },
            TimeSpan.FromSeconds(20));
        await PassAsync(TimeSpan.FromSeconds(3));
        Assert.False(waiting.IsCompleted);
        _ = await Owners.AskAsync<QueueControlReport>(Owners.Queues, new ResumeQueue { Queue = Cpu, Reason = "fixed", By = "anna" });
        await PassAsync(TimeSpan.FromSeconds(1));

        Assert.Single(Assert.IsType<LeasesGranted>(await waiting).Leases);
        Assert.Equal(Tasks - 1, (await LeaseAllAsync(worker)).Count);
        Assert.Null((await TaskAsync(tasks[0])).UnmetNeed);
    }

    [Fact]
    public async Task Should_obey_a_changed_limit_over_all_partitions_and_the_configured_one_after_its_reset()
    {
        var worker = await RegisterAsync("cpu-1", slots: 100);
        await SubmitManyAsync(Tasks, "page", Cpu.Value);
        await SetLimitAsync(new QueueLimits { PerWorker = 2 });
        Assert.Equal(2, (await LeaseAllAsync(worker)).Count);
        await SetLimitAsync(new QueueLimits { PerWorker = 6 });
        await CrashEverythingAsync();
        Assert.Equal(4, (await LeaseAllAsync(worker)).Count);

        await SetLimitAsync(new QueueLimits(), QueueLimit.PerWorker);

        Assert.Empty(await LeaseAllAsync(worker));
        for (var i = 0; i < 3; i++)
        {
            await worker.CompleteAsync(worker.Holds[0]);
        }

        Assert.Single(await LeaseAllAsync(worker));
    }

    /// <summary>Asks until no partition has anything: a call that does not wait gets what the first partition has for it.</summary>
    private async Task<List<LeasedTask>> LeaseAllAsync(ScenarioWorker worker)
    {
        var all = new List<LeasedTask>();
        for (var empty = 0; empty < Owners.Settings.Partitions.Queues;)
        {
            var leases = await worker.LeaseAsync();
            all.AddRange(leases);
            empty = leases.Count == 0 ? empty + 1 : 0;
        }

        return all;
    }

    private Task<QueueControlReport> SetLimitAsync(QueueLimits limits, params QueueLimit[] reset) =>
        Owners.AskAsync<QueueControlReport>(
            Owners.Queues, new SetQueueLimits { Queue = Cpu, Limits = limits, Reset = [.. reset], Reason = "tuning" });
}
