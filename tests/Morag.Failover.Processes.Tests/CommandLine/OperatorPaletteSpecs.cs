using System.Text.RegularExpressions;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests.CommandLine;

/// <summary>What operators see and steer with <c>morag</c> on two real nodes that fail.</summary>
public sealed class OperatorPaletteSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private TwoNodes nodes = null!;

    public async Task InitializeAsync() => nodes = await TwoNodes.StartAsync(
        server, folder, TestConfig.Text + "\nakka.cluster.sharding.rebalance-interval = 1s\n");

    public async Task DisposeAsync()
    {
        await nodes.DisposeAsync();
        folder.Dispose();
    }

    [ServerFact]
    public async Task Should_follow_events_and_logs_over_the_death_of_the_node_that_is_asked()
    {
        var asked = nodes[0].Address.ToString();
        await using var events = RunningProgram.Start(Programs.Morag, "events", "tail", "--events", "worker", "--node", asked);
        await using var log = RunningProgram.Start(
            Programs.Morag, "log", "tail", Name(await NodeAsync(1)), "--lines", "200", "--node", $"{asked},{nodes[1].Address}");
        await using var cluster = RunningProgram.Start(Programs.Morag, "cluster", "tail", "--node", $"{asked},{nodes[1].Address}");
        await ShowsAsync(cluster, "member .* up\n.*member .* up\n");
        await ShowsAsync(log, "line .*listening on");
        await RegisterUntilShownAsync(events, "before");

        await nodes[0].KillAsync();

        await ShowsAsync(cluster, "(?s)connection lost.*connected to");
        await RegisterUntilShownAsync(events, "after");
        await ShowsAsync(log, "(?s)connection lost.*connected to");

        // Nothing is shown twice after the reconnect.
        var shown = Regex.Matches(events.Output, "worker=(before-[0-9]+)").Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(shown.Distinct(), shown);
    }

    [ServerFact]
    public async Task Should_move_a_shard_and_let_a_node_leave_when_the_operator_asks()
    {
        await Eventually.HoldsAsync(
            async () => (await RunAsync("sharding", "rebalance", "coordinator", "--dry-run")).Contains("Nothing", StringComparison.Ordinal),
            () => "the shards are spread over both nodes");
        var (first, second) = (Name(await NodeAsync(0)), Name(await NodeAsync(1)));
        var shard = (await EntityAsync(first)).Shard;

        var moved = await RunAsync("sharding", "rebalance", "coordinator", "--shard", shard, "--to", second, "--reason", "hot", "--yes");

        Assert.Contains($"shard {shard}: {first} to {second}", moved, StringComparison.Ordinal);
        await Eventually.HoldsAsync(
            async () => (await EntitiesAsync()).Any(entity => entity.Shard == shard && entity.Node == second),
            () => $"shard {shard} runs on {second}");

        var left = await RunAsync("cluster", "leave", second, "--reason", "update", "--yes");
        Assert.Contains("hands its owners over", left, StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => Task.FromResult(nodes[1].Program.HasEnded), () => "the node that left has stopped");
        await Eventually.HoldsAsync(
            async () => Regex.IsMatch(await RunAsync("cluster", "status"), "(?m)^nodes +1$"), () => "one node is left");
    }

    private async Task<ClusterNode> NodeAsync(int number) =>
        (await nodes[number].Client.GetAsync<ClusterNode[]>("/cluster/nodes")).Single(node => node.Self);

    private static string Name(ClusterNode node) => node.Node.Split('@')[1];

    private async Task<PlacedEntity> EntityAsync(string node) =>
        (await EntitiesAsync()).First(entity => entity.Node == node);

    private Task<PlacedEntity[]> EntitiesAsync() =>
        nodes[0].Client.GetAsync<PlacedEntity[]>("/sharding/entities?region=coordinator&limit=1000");

    private async Task<string> RunAsync(params string[] arguments)
    {
        var run = await MoragCommand.RunAsync(nodes[0].Address, arguments);
        Assert.True(run.ExitCode == 0, run.Error);
        return run.Output;
    }

    private static Task ShowsAsync(RunningProgram program, string pattern) => Eventually.HoldsAsync(
        () => Task.FromResult(Regex.IsMatch(program.Output, pattern)), () => $"\"{pattern}\" is shown: {program.Output}");

    // The nodes may not know each other's streams yet.
    private async Task RegisterUntilShownAsync(RunningProgram events, string name)
    {
        var number = 0;
        await Eventually.HoldsAsync(
            async () =>
            {
                var worker = FormattableString.Invariant($"{name}-{number++}");
                await nodes[1].Client.PostAsync("/workers/register", new { registration = new { worker_id = worker, capability = "cpu" } });
                return Regex.IsMatch(events.Output, $"worker={name}-[0-9]+ .*registered");
            },
            () => $"a registration of {name} is shown: {events.Output}");
    }
}
