using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>The store fails while a node is running: the log has the error once, and the recovery once.</summary>
public sealed class StoreOutageSpecs : IAsyncLifetime
{
    private const string Fails = "the store fails: ";
    private const string IsBack = "the store is back";

    private readonly TestFolder folder = new();
    private readonly RedisServer server = new() { Password = "first", Settings = ["--requirepass", "first"] };
    private NodeProcess node = null!;

    [ServerFact]
    public async Task Should_log_the_outage_once_and_the_recovery_once_when_Redis_restarts()
    {
        await server.KillAsync();
        await FailsAsync(20);
        await server.InitializeAsync();
        await WorksAsync();

        Assert.Single(Lines(Fails));
        Assert.Single(Lines(IsBack));
        IsWithoutStackTraces();
    }

    [ServerTheory]
    [InlineData("maxmemory", "1", "0", "OOM")]
    [InlineData("min-replicas-to-write", "3", "0", "NOREPLICAS")]
    public async Task Should_log_the_error_of_Redis_when_it_rejects_writes(string setting, string broken, string good, string word)
    {
        await using var redis = await server.ConnectAsync();
        await redis.GetServers()[0].ConfigSetAsync(setting, broken);
        await FailsAsync(5);
        await redis.GetServers()[0].ConfigSetAsync(setting, good);
        await WorksAsync();

        Assert.Contains(word, Assert.Single(Lines(Fails)), StringComparison.Ordinal);
        Assert.Single(Lines(IsBack));
        IsWithoutStackTraces();
    }

    [ServerFact]
    public async Task Should_log_that_authentication_failed_when_the_password_changes_under_load()
    {
        await using (var redis = await server.ConnectAsync())
        {
            await redis.GetServers()[0].ConfigSetAsync("requirepass", "second");
            _ = await redis.GetServers()[0].ExecuteAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
            await Eventually.HoldsAsync(
                async () =>
                {
                    await FailsAsync(1);
                    return Lines(Fails).Any(line => line.Contains("WRONGPASS", StringComparison.Ordinal));
                },
                () => $"the log says that the password is wrong; the node wrote:\n{node.Program.Output}");
            await redis.GetServers()[0].ConfigSetAsync("requirepass", "first");
        }

        await WorksAsync();
        Assert.Single(Lines(Fails), line => line.Contains("WRONGPASS", StringComparison.Ordinal));
        Assert.Single(Lines(IsBack));
        IsWithoutStackTraces();
    }

    public async Task InitializeAsync()
    {
        await server.InitializeAsync();
        node = await NodeProcess.StartAsync(new()
        {
            DataFolder = folder.Path,
            Redis = server.ConnectionString + ",connectTimeout=1000,asyncTimeout=1000",
            Config = TestConfig.Text,
        });
        await WorksAsync();
    }

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        await server.DisposeAsync();
        folder.Dispose();
    }

    private IReadOnlyList<string> Lines(string text) =>
        [.. node.Program.Output.Split('\n').Where(line => line.Contains(text, StringComparison.Ordinal))];

    private void IsWithoutStackTraces() =>
        Assert.True(!node.Program.Output.Contains("   at ", StringComparison.Ordinal), node.Program.Output);

    private async Task FailsAsync(int times)
    {
        using var client = new NodeClient(node.Address) { Retries = false };
        for (var call = 0; call < times; call++)
        {
            _ = await Assert.ThrowsAsync<HttpRequestException>(() => client.SubmitAsync([new { queue = "cpu_batch" }]));
        }
    }

    private async Task WorksAsync() => await Eventually.HoldsAsync(
        async () =>
        {
            try
            {
                await node.Client.SubmitAsync([new { queue = "cpu_batch" }]);
                return Lines(Fails).Count == 0 || Lines(IsBack).Count > 0;
            }
            catch (Exception absent) when (NodeSilence.Explains(absent))
            {
                return false;
            }
        },
        () => $"submissions work, and the log says so; the node wrote:\n{node.Program.Output}");
}
