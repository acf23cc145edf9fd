using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.CommandLine;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>A journal that was damaged from outside: the node's behaviour, and the output of <c>morag journal verify</c>.</summary>
public sealed class DamagedJournalSpecs : IAsyncLifetime
{
    private const int Tasks = 5;

    private readonly TestFolder folder = new();
    private readonly RedisServer server = new();

    public Task InitializeAsync() => server.InitializeAsync();

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    [RequiresRedisServerFact]
    public async Task Should_report_a_gap_when_an_event_was_removed_by_hand()
    {
        await using var node = await StartWithTasksAsync();
        Assert.Matches("(?m)^none$", await VerifyAsync(node));
        await using var redis = await server.ConnectAsync();

        Assert.Equal(1, await redis.GetDatabase().SortedSetRemoveRangeByScoreAsync("journal:persisted:queue-0", 3, 3));

        Assert.Matches(
            @"(?m)^ *queue-0 +3 +gap +yes +journal:persisted:queue-0 +number 3 has no event: .*events were lost", await VerifyAsync(node));
    }

    [RequiresRedisServerFact]
    public async Task Should_continue_with_the_remaining_events_when_the_end_of_the_log_is_cut_off()
    {
        await using var node = await StartWithTasksAsync();
        await node.KillAsync();
        await server.KillAsync();
        var log = Directory.EnumerateFiles(server.DataFolder, "*.incr.aof", SearchOption.AllDirectories).Single();
        await using (var file = new FileStream(log, FileMode.Open))
        {
            file.SetLength(file.Length - 10);
        }

        await server.InitializeAsync();
        await node.StartAgainAsync();

        // Only the cut record is lost, as the log of Redis says.
        var left = await node.Client.TasksAsync();
        Assert.Equal(
            Enumerable.Range(1, Tasks - 1).Select(number => $"t-{number}"),
            left.Select(task => task.TaskId.Value).Order(StringComparer.Ordinal));
        Assert.DoesNotMatch(@"(?m) yes +journal:", await VerifyAsync(node));
        await node.Client.SubmitAsync([new { task_id = $"t-{Tasks}", queue = "cpu_batch" }]);
        Assert.Equal(TaskState.Queued, (await node.Client.TaskAsync($"t-{Tasks}")).State);
        Assert.Matches("(?m)^none$", await VerifyAsync(node));
    }

    private async Task<NodeProcess> StartWithTasksAsync()
    {
        var node = await NodeProcess.StartAsync(new() { DataFolder = folder.Sub("node"), Redis = server.ConnectionString });
        for (var number = 1; number <= Tasks; number++)
        {
            await node.Client.SubmitAsync([new { task_id = $"t-{number}", queue = "cpu_batch" }]);
        }

        return node;
    }

    private static async Task<string> VerifyAsync(NodeProcess node)
    {
        var run = await MoragCommand.RunAsync(node.Address, "journal", "verify", "queue-0");
        Assert.Equal("", run.Error);
        Assert.Equal(0, run.ExitCode);
        return run.Output;
    }
}
