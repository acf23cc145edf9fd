using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Hashing;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>Three agents hash 200 files on one node, while agents, the node or Redis are killed.</summary>
public abstract class WorkSurvivesSpecs : IAsyncLifetime
{
    private const int Files = 200;

    private readonly TestFolder folder = new();
    private NodeProcess node = null!;
    private HashedFiles files = null!;

    protected abstract string? Redis { get; }

    protected string DataFolder => Path.Combine(folder.Path, "node");

    [ServerFact]
    public async Task Should_complete_every_task_once_when_agents_freeze_die_and_run_out_of_memory()
    {
        await using var fleet = Fleet.Start(folder.Path, _ => node.Address, exhaustsOnce: Fleet.Cpu1);
        await files.SubmitAsync(node.Client, ..(Files / 2));

        // One GPU agent is frozen for longer than its timeout, and the other does its tasks.
        await fleet.HoldsTasksAsync(node.Client, Fleet.Gpu2);
        fleet.Agent(Fleet.Gpu2).Send(Signal.Stop);
        var frozen = await HeldByAsync(Fleet.Gpu2);
        await Eventually.HoldsAsync(() => AreDoneByAsync(frozen, Fleet.Gpu1), () => $"what {Fleet.Gpu2} held is done by {Fleet.Gpu1}");
        await Eventually.HoldsAsync(
            () => IsSilentForLongerThanItsTimeoutAsync(Fleet.Gpu2), () => $"{Fleet.Gpu2} is silent for longer than its timeout");

        // The frozen agent resumes. Its results are late and change nothing. Then the other GPU agent is killed.
        fleet.Hold(Fleet.Gpu1);
        fleet.Release(Fleet.Gpu2);
        fleet.Agent(Fleet.Gpu2).Send(Signal.Continue);
        await files.SubmitAsync(node.Client, (Files / 2)..);
        await fleet.HoldsTasksAsync(node.Client, Fleet.Gpu1);
        fleet.Agent(Fleet.Gpu1).Send(Signal.Kill);

        await Outcome.IsRightAsync(node.Client, files, fleet);
        var failures = await node.Client.FailuresAsync();
        Assert.Contains(
            failures, failure => failure.FailureEvent is { FailureType: FailureType.WorkerOffline, WorkerId.Value: Fleet.Gpu1 });
        Assert.Contains(
            failures, failure => failure.FailureEvent is { FailureType: FailureType.WorkerOffline, WorkerId.Value: Fleet.Gpu2 });
        var exhausted = failures.SingleOrDefault(failure => failure.FailureEvent.FailureType == FailureType.ResourceExhaustion);
        Assert.True(exhausted is not null, $"One task of {Fleet.Cpu1} ran out of memory: {string.Join("\n", failures)}\n{fleet.Output}");
        Assert.Equal(new WorkerId(Fleet.Cpu1), exhausted.FailureEvent.WorkerId);
        Assert.Equal(FailoverStrategy.DegradeQuality, exhausted.SelectedAction.Strategy);
    }

    [ServerFact]
    public async Task Should_complete_every_task_once_when_the_node_is_killed_in_mid_flight()
    {
        await using var fleet = Fleet.Start(folder.Path, _ => node.Address);
        await files.SubmitAsync(node.Client, ..);
        await fleet.HoldsTasksAsync(node.Client, Fleet.Gpu1);

        await node.KillAsync();
        fleet.Release(Fleet.Gpu1);
        await node.StartAgainAsync();

        await Outcome.IsRightAsync(node.Client, files, fleet);
        Assert.Empty(await node.Client.FailuresAsync());
    }

    [ServerFact]
    public async Task Should_complete_every_task_once_when_redis_is_killed_in_mid_flight()
    {
        await using var fleet = Fleet.Start(folder.Path, _ => node.Address);
        await files.SubmitAsync(node.Client, ..);
        await fleet.HoldsTasksAsync(node.Client, Fleet.Gpu1);

        await KillRedisAsync();
        fleet.Release(Fleet.Gpu1);

        await Outcome.IsRightAsync(node.Client, files, fleet);
    }

    public async Task InitializeAsync()
    {
        await EmptyAsync();
        files = HashedFiles.Create(folder.Sub("files"), Files);
        node = await NodeProcess.StartAsync(new NodeProcessSettings { Redis = Redis, DataFolder = DataFolder, Config = TestConfig.Text });
    }

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>Removes what an earlier test stored.</summary>
    protected abstract Task EmptyAsync();

    /// <summary>Kills Redis, and makes sure that it restarts.</summary>
    protected abstract Task KillRedisAsync();

    private async Task<TaskId[]> HeldByAsync(string worker) =>
        [.. (await node.Client.TasksAsync(TaskState.Leased, worker)).Select(task => task.TaskId)];

    private async Task<bool> IsSilentForLongerThanItsTimeoutAsync(string worker) =>
        TimeProvider.System.GetUtcNow() - (await node.Client.WorkerAsync(worker)).LastHeartbeat > TestConfig.WorkerTimeout;

    private async Task<bool> AreDoneByAsync(TaskId[] tasks, string worker)
    {
        var done = await node.Client.TasksAsync(TaskState.Succeeded, worker);
        return tasks.All(task => done.Any(entry => entry.TaskId == task));
    }
}

/// <summary>With an external Redis.</summary>
public sealed class WorkSurvivesOnRedisServerSpecs(RedisServer server) : WorkSurvivesSpecs, IClassFixture<RedisServer>
{
    protected override string? Redis => server.ConnectionString;

    protected override Task EmptyAsync() => server.FlushAsync();

    protected override Task KillRedisAsync() => server.RestartAsync();
}

/// <summary>With the embedded Redis, which the node restarts when it dies.</summary>
public sealed class WorkSurvivesOnEmbeddedRedisSpecs : WorkSurvivesSpecs
{
    protected override string? Redis => null;

    protected override Task EmptyAsync() => Task.CompletedTask;

    protected override Task KillRedisAsync() => EmbeddedServer.KillAsync(DataFolder);
}
