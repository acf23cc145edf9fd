using System.Globalization;
using System.Net;
using System.Text.Json;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.CommandLine;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>How nodes find each other, and which of them hold owners.</summary>
public sealed class JoiningSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime, IDisposable
{
    private const string SoonerRetries = "\nakka.cluster.seed-node-timeout = 1s\nakka.remote.retry-gate-closed-for = 1s\n";

    private readonly TestFolder folder = new();

    public async Task InitializeAsync() => await server.FlushAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => folder.Dispose();

    [MountNamespaceFact]
    public async Task Should_wait_for_a_seed_and_join_without_a_restart_when_its_name_resolves_later()
    {
        int[] ports = [RedisTestServer.FreePort(), RedisTestServer.FreePort()];
        string[] names = ["seed-one.test", "seed-two.test"];
        string[] seeds = [.. names.Zip(ports, (name, port) => string.Create(CultureInfo.InvariantCulture, $"{name}:{port}"))];
        var (both, own) = (Hosts("both", names), Hosts("own", names[1]));
        await using var first = await NodeProcess.StartAsync(
            Settings(ports[0], seeds) with { Host = names[0], Launcher = WithHosts(both) });
        await using var second = NodeProcess.StartWithoutWaiting(
            Settings(ports[1], seeds) with { Host = names[1], Launcher = WithHosts(own) });

        await Eventually.HoldsAsync(
            () => Task.FromResult(second.Program.Output.Contains(
                $"the name of {seeds[0]} does not resolve yet", StringComparison.Ordinal)),
            () => $"the node names the seed; it wrote:\n{second.Program.Output}");
        Assert.False(await second.Client.IsReadyAsync());
        await File.AppendAllTextAsync(own, $"127.0.0.1 {names[0]}\n");

        await second.BecomesReadyAsync();
        Assert.Equal(2, (await first.Client.GetAsync<JsonElement>("/cluster/nodes")).GetArrayLength());
    }

    [RequiresIPv6Fact]
    public async Task Should_form_a_cluster_with_agents_and_commands_when_everything_has_an_IPv6_address()
    {
        int[] ports = [RedisTestServer.FreePort(), RedisTestServer.FreePort()];
        string[] seeds = [.. ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"[::1]:{port}"))];
        await using var first = await NodeProcess.StartAsync(Settings(ports[0], seeds) with { Host = "::1", HttpHost = "[::1]" });
        await using var second = await NodeProcess.StartAsync(Settings(ports[1], seeds) with { Host = "[::1]", HttpHost = "[::1]" });
        await using var agent = AgentProcess.Start(new AgentProcessSettings
        {
            Node = first.Address,
            WorkerId = "w",
            Capability = "cpu",
            WorkFolder = folder.Sub("work"),
            Command = ["cat"],
        });
        await second.Client.SubmitAsync([new { task_id = "t", queue = "cpu_standard", payload = "hello" }]);
        await Eventually.HoldsAsync(
            async () => (await second.Client.TaskAsync("t")).State == TaskState.Succeeded,
            () => $"the task succeeds; the agent wrote:\n{agent.Output}");

        var announced = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                announced = (await MoragCommand.RunAsync(second.Address, "cluster", "nodes", "--output", "json")).Output;
                return announced.Contains($"\"{first.Address.GetLeftPart(UriPartial.Authority)}\"", StringComparison.Ordinal);
            },
            () => $"the command line shows the address of the other node:\n{announced}");

        using var strange = new HttpRequestMessage(HttpMethod.Get, new Uri(first.Address, "/api/v1/queues"));
        strange.Headers.Host = "rebound.test";
        using var http = new HttpClient();
        using var answer = await http.SendAsync(strange);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [ServerFact]
    public async Task Should_answer_every_call_and_hold_no_owner_when_the_node_only_serves_clients()
    {
        int[] ports = [RedisTestServer.FreePort(), RedisTestServer.FreePort()];
        string[] seeds = [.. ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"))];
        await using var owner = await NodeProcess.StartAsync(
            Settings(ports[0], seeds) with { More = ["--owner-role", "owner", "--roles", "owner"] });
        var door = await NodeProcess.StartAsync(Settings(ports[1], seeds) with { More = ["--owner-role", "owner", "--roles", "door"] });
        await using (door)
        {
            await door.Client.SubmitAsync(
                Enumerable.Range(0, 20).Select(number => (object)new { task_id = $"t-{number}", queue = "cpu_standard" }));
            _ = await door.Client.PostAsync(
                "/failures",
                new { event_id = "e", task_id = "elsewhere", failure_type = "network_failure", error_message = "cut" });
            Assert.Equal(20, (await door.Client.TasksAsync()).Count);
            _ = Assert.Single(await door.Client.FailuresAsync());
            await door.KillAsync();
        }

        // Nothing was on the killed node, so no call waits for a take-over.
        using var impatient = new NodeClient(owner.Address) { Retries = false };
        Assert.Equal(20, (await impatient.TasksAsync()).Count);
        _ = Assert.Single(await impatient.FailuresAsync());
        await impatient.SubmitAsync([new { task_id = "after", queue = "cpu_standard" }]);
    }

    private NodeProcessSettings Settings(int port, IReadOnlyList<string> seeds) => new()
    {
        Redis = server.ConnectionString,
        DataFolder = folder.Sub(string.Create(CultureInfo.InvariantCulture, $"node-{port}")),
        ClusterPort = port,
        Seeds = seeds,
        Config = TestConfig.Text + SoonerRetries,
    };

    /// <summary>A file of names on this machine.</summary>
    private string Hosts(string file, params string[] names)
    {
        var path = Path.Combine(folder.Path, file);
        File.WriteAllText(path, $"127.0.0.1 localhost\n{string.Concat(names.Select(name => $"127.0.0.1 {name}\n"))}");
        return path;
    }

    /// <summary>A launcher that shows a process this file as /etc/hosts, and nothing else that resolves names.</summary>
    private string[] WithHosts(string hosts)
    {
        var order = Path.Combine(folder.Path, "nsswitch.conf");
        File.WriteAllText(order, "hosts: files\n");
        return ["unshare", "--mount", "sh", "-c",
            $"mount --bind {hosts} /etc/hosts && mount --bind {order} /etc/nsswitch.conf && exec \"$@\"", "sh"];
    }
}
