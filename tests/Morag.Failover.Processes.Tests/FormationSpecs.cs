using System.Globalization;
using System.Text.Json;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>Nodes on one Redis are one cluster, in whatever order they start, and whoever does not admit them.</summary>
public sealed class FormationSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private readonly TestAuthority authority = new();
    private readonly List<NodeProcess> nodes = [];

    public Task InitializeAsync() => server.FlushAsync();

    public async Task DisposeAsync()
    {
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }

        authority.Dispose();
        folder.Dispose();
    }

    [ServerFact]
    public async Task Should_form_one_cluster_without_seeds_when_nodes_start_together_and_when_all_were_killed()
    {
        for (var number = 0; number < 3; number++)
        {
            Start(Settings(number, RedisTestServer.FreePort()));
        }

        await FormOneClusterAsync();
        await nodes[0].Client.SubmitAsync([new { task_id = "kept", queue = "cpu_standard" }]);
        await Task.WhenAll(nodes.Select(node => node.KillAsync()));
        nodes.ForEach(node => node.StartWithoutWaiting());

        await FormOneClusterAsync();
        _ = Assert.Single(await nodes[2].Client.TasksAsync());
    }

    [ServerFact]
    public async Task Should_form_no_second_cluster_when_no_node_admits_a_first_seed_and_join_when_one_does()
    {
        int[] ports = [RedisTestServer.FreePort(), RedisTestServer.FreePort()];
        using var stranger = new TestAuthority();
        var first = Start(WithTls(Settings(0, ports[0]), authority));
        await first.BecomesReadyAsync();
        await first.Client.SubmitAsync([new { task_id = "kept", queue = "cpu_standard" }]);
        var seeds = ports.Reverse().Select(port => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}")).ToList();
        var second = Start(WithTls(Settings(1, ports[1]), stranger) with { Seeds = seeds });

        // A service manager starts it again and again.
        for (var start = 0; start < 2; start++)
        {
            await Eventually.HoldsAsync(
                async () => (await second.Client.ReadinessAsync()).Contains(
                    $"It forms no cluster of its own, because 127.0.0.1:{ports[0]} is present in Redis", StringComparison.Ordinal),
                () => $"the node says what it waits for; it wrote:\n{second.Program.Output}");
            await second.KillAsync();
            second.StartWithoutWaiting();
        }

        await second.KillAsync();
        Assert.Equal(1, await MembersAsync(first));
        await first.Client.SubmitAsync([new { task_id = "served", queue = "cpu_standard" }]);

        var admitted = Start(WithTls(Settings(1, ports[1]), authority) with { Seeds = seeds });
        await admitted.BecomesReadyAsync();
        Assert.Equal(2, await MembersAsync(first));
        Assert.Equal(2, (await admitted.Client.TasksAsync()).Count);
    }

    [ServerFact]
    public async Task Should_refuse_to_join_when_the_cluster_has_another_owner_role()
    {
        await Start(Settings(0, RedisTestServer.FreePort())).BecomesReadyAsync();
        var other = Start(Settings(1, RedisTestServer.FreePort()) with { More = ["--owner-role", "core", "--roles", "core"] });

        Assert.Equal(2, await other.Program.EndedAsync());
        Assert.Contains("morag.owner-role = \"core\" is refused: the cluster (127.0.0.1:", other.Program.Output, StringComparison.Ordinal);
        Assert.Equal(1, await MembersAsync(nodes[0]));
    }

    private static async Task<int> MembersAsync(NodeProcess node) =>
        (await node.Client.GetAsync<JsonElement>("/cluster/nodes")).GetArrayLength();

    private async Task FormOneClusterAsync()
    {
        await Task.WhenAll(nodes.Select(node => node.BecomesReadyAsync()));
        foreach (var node in nodes)
        {
            Assert.Equal(nodes.Count, await MembersAsync(node));
        }
    }

    private NodeProcess Start(NodeProcessSettings settings)
    {
        var node = NodeProcess.StartWithoutWaiting(settings);
        nodes.Add(node);
        return node;
    }

    private NodeProcessSettings Settings(int number, int port) => new()
    {
        Redis = server.ConnectionString,
        DataFolder = folder.Sub(string.Create(CultureInfo.InvariantCulture, $"node-{number}")),
        ClusterPort = port,
        Config = TestConfig.Text,
    };

    private NodeProcessSettings WithTls(NodeProcessSettings settings, TestAuthority issuer)
    {
        var (certificate, key) = issuer.Issue(new() { Names = ["127.0.0.1"] });
        var authorities = issuer == authority
            ? authority.CertificatePath
            : authority.WriteFile($"{File.ReadAllText(authority.CertificatePath)}\n{File.ReadAllText(issuer.CertificatePath)}\n");
        return settings with
        {
            More = ["--tls-certificate", certificate, "--tls-key", key, "--tls-authorities", authorities],
        };
    }
}
