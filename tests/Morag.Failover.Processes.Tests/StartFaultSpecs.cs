using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>A node that cannot start prints one line that names the setting, exits with code 2, and leaves nothing running.</summary>
public sealed class StartFaultSpecs(RedisServer server) : IClassFixture<RedisServer>, IDisposable
{
    private readonly TestFolder folder = new();

    [ServerFact]
    public async Task Should_name_the_port_for_other_nodes_when_it_is_taken()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        await IsRefusedAsync(
            new() { DataFolder = folder.Path, Redis = server.ConnectionString, ClusterPort = port }, $"morag.port = \"{port}\" is refused");
    }

    [Theory]
    [InlineData("no-such-host.invalid", "cannot be resolved")]
    [InlineData("203.0.113.77", "is not an address of this machine")]
    public async Task Should_name_the_host_when_other_nodes_cannot_reach_it(string host, string why)
    {
        var line = await IsRefusedAsync(new() { DataFolder = folder.Path }, $"morag.host = \"{host}\" is refused", "--host", host);

        Assert.Contains(why, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_name_Redis_when_nothing_listens_there()
    {
        var port = RedisTestServer.FreePort();

        var line = await IsRefusedAsync(new() { DataFolder = folder.Path, Redis = $"127.0.0.1:{port}" }, "morag.redis is refused");

        Assert.Contains(port.ToString(CultureInfo.InvariantCulture), line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_name_Redis_when_the_server_does_not_answer()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();

        await IsRefusedAsync(
            new() { DataFolder = folder.Path, Redis = $"{mute.LocalEndpoint},connectTimeout=1000,syncTimeout=1000" },
            "morag.redis is refused");
    }

    [ServerTheory]
    [InlineData("defaultDatabase=1000000", "database")]
    [InlineData("$GET=", "GET")]
    [InlineData("$INFO=", "INFO")]
    public async Task Should_name_Redis_when_a_required_command_is_not_allowed(string option, string said)
    {
        var line = await IsRefusedAsync(
            new() { DataFolder = folder.Path, Redis = $"{server.ConnectionString},{option}" }, "morag.redis is refused");

        Assert.Contains(said, line, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Should_name_Redis_when_it_is_paused()
    {
        await server.PauseAsync();
        try
        {
            await IsRefusedAsync(new() { DataFolder = folder.Path, Redis = server.ConnectionString }, "morag.redis is refused");
        }
        finally
        {
            await server.ResumeAsync();
        }
    }

    [ServerFact]
    public async Task Should_report_the_password_without_showing_it_when_it_is_wrong()
    {
        var locked = new RedisServer { Password = "right", Settings = ["--requirepass", "right"] };
        await locked.InitializeAsync();
        try
        {
            var line = await IsRefusedAsync(
                new() { DataFolder = folder.Path, Redis = $"127.0.0.1:{locked.Port},password=wrong-one" }, "morag.redis is refused");

            Assert.Contains("WRONGPASS", line, StringComparison.Ordinal);
            Assert.DoesNotContain("wrong-one", line, StringComparison.Ordinal);
        }
        finally
        {
            await locked.DisposeAsync();
        }
    }

    [Fact]
    public async Task Should_name_the_data_folder_when_it_cannot_be_written()
    {
        var file = Path.Combine(folder.Path, "file");
        await File.WriteAllTextAsync(file, "");
        var below = Path.Combine(file, "data");

        await IsRefusedAsync(new() { DataFolder = below }, $"morag.data = \"{below}\" is refused");
    }

    [Theory]
    [InlineData("morag.failover.queues.max-bytes = 1024GiB", "morag.failover.queues.max-bytes = 1048576 MiB is refused")]
    [InlineData("morag.embedded.memory = 1024GiB", "morag.embedded.memory = \"1048576MiB\" is refused: this process can use ")]
    public async Task Should_name_the_limit_when_it_exceeds_the_memory_of_the_process(string config, string said) =>
        await IsRefusedAsync(new() { DataFolder = folder.Path, Config = config }, said);

    [ServerTheory]
    [InlineData("morag.failover.workers.timeout = soon", "morag.failover.workers.timeout = \"soon\" is refused")]
    [InlineData("akka.loggers = [\"No.Such.Logger, Nowhere\"]", "The node cannot start with this Akka.NET configuration")]
    public async Task Should_name_the_setting_when_its_value_is_invalid(string config, string said) =>
        await IsRefusedAsync(new() { DataFolder = folder.Path, Redis = server.ConnectionString, Config = config }, said);

    [ServerFact]
    public async Task Should_name_the_queue_and_its_tasks_when_a_queue_with_tasks_was_removed()
    {
        await server.FlushAsync();
        var settings = new NodeProcessSettings
        {
            DataFolder = folder.Path,
            Redis = server.ConnectionString,
            Config = """
                morag.failover.queues.definitions.extra {
                  served-by = cpu, falls-back-to = "", per-worker = 1, weight = 1, timeout = 1m
                }
                """,
        };
        await using (var node = await NodeProcess.StartAsync(settings))
        {
            await node.Client.SubmitAsync([new { task_id = "a", queue = "extra" }, new { task_id = "b", queue = "extra" }]);
            Assert.Equal(0, await node.StopAsync());
        }

        var line = await IsRefusedAsync(settings with { Config = null }, "morag.failover.queues.definitions is refused");

        Assert.Contains("extra (2 unfinished tasks)", line, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private static async Task<string> IsRefusedAsync(NodeProcessSettings settings, string said, params string[] more)
    {
        await using var refused = RunningProgram.Start(Programs.Node, NodeProcess.Arguments(settings).Concat(more));

        var exitCode = await refused.EndedAsync();

        Assert.True(exitCode == 2, $"exit code {exitCode}; the node wrote:\n{refused.Output}");
        Assert.DoesNotContain("   at ", refused.Output, StringComparison.Ordinal);
        var line = refused.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        Assert.StartsWith(said, line, StringComparison.Ordinal);
        // The advice of the Redis client is for programmers, not for operators.
        Assert.DoesNotContain("abortConnect", refused.Output, StringComparison.Ordinal);
        Assert.Empty(refused.Family());
        return line;
    }
}
