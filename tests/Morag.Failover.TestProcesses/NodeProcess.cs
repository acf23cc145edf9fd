using System.Globalization;
using Morag.Redis.TestServers;

namespace Morag.Failover.TestProcesses;

/// <summary>How a node is started.</summary>
public sealed record NodeProcessSettings
{
    /// <summary>Connection string of Redis; null: the node starts its own.</summary>
    public string? Redis { get; init; }

    /// <summary>Folder of what it keeps on disk.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Port of its HTTP API on 127.0.0.1.</summary>
    public int HttpPort { get; init; } = RedisTestServer.FreePort();

    /// <summary>Port for other nodes; 0 takes a free one.</summary>
    public int ClusterPort { get; init; }

    /// <summary>Nodes to join, as host:port; empty: a cluster of one.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>The loss of data that is accepted at the start; null: none.</summary>
    public string? AcceptDataLoss { get; init; }

    /// <summary>HOCON that is given with <c>--config</c>; null: none is.</summary>
    public string? Config { get; init; }
}

/// <summary>A real node: it can be killed, frozen, stopped in order, and started again on the same data and ports.</summary>
public sealed class NodeProcess : IAsyncDisposable
{
    private readonly NodeProcessSettings settings;
    private RunningProgram? program;

    private NodeProcess(NodeProcessSettings settings)
    {
        this.settings = settings;
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{settings.HttpPort}"));
        Client = new NodeClient(Address);
    }

    /// <summary>Where its HTTP API is.</summary>
    public Uri Address { get; }

    /// <summary>Calls it.</summary>
    public NodeClient Client { get; }

    /// <summary>The process that runs now.</summary>
    public RunningProgram Program => program ?? throw new InvalidOperationException("The node is not running");

    /// <summary>Starts a node, and returns once it says that it is ready.</summary>
    public static async Task<NodeProcess> StartAsync(NodeProcessSettings settings)
    {
        var node = new NodeProcess(settings);
        try
        {
            await node.StartAgainAsync();
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>The arguments of a node with these settings.</summary>
    public static IEnumerable<string> Arguments(NodeProcessSettings settings)
    {
        yield return "--data";
        yield return settings.DataFolder;
        yield return "--http";
        yield return string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{settings.HttpPort}");
        yield return "--port";
        yield return settings.ClusterPort.ToString(CultureInfo.InvariantCulture);
        if (settings.Redis is not null)
        {
            yield return "--redis";
            yield return settings.Redis;
        }

        if (settings.AcceptDataLoss is not null)
        {
            yield return "--accept-data-loss";
            yield return settings.AcceptDataLoss;
        }

        if (settings.Seeds.Count > 0)
        {
            yield return "--seeds";
            yield return string.Join(',', settings.Seeds);
        }

        if (settings.Config is not null)
        {
            var file = Path.Combine(settings.DataFolder, "test.conf");
            _ = Directory.CreateDirectory(settings.DataFolder);
            File.WriteAllText(file, settings.Config);
            yield return "--config";
            yield return file;
        }
    }

    /// <summary>Starts it on the data and ports that it had, and returns once it is ready.</summary>
    public async Task StartAgainAsync()
    {
        StartWithoutWaiting();
        await Eventually.HoldsAsync(IsReadyAsync, () => $"the node is ready; it wrote:\n{Program.Output}");
    }

    /// <summary>Starts it on the data and ports that it had; it may never become ready.</summary>
    public void StartWithoutWaiting() => program = RunningProgram.Start(Programs.Node, Arguments(settings));

    /// <summary>Ends it as kill -9 does, and returns once it is gone.</summary>
    public async Task KillAsync()
    {
        if (program is not null)
        {
            await program.DisposeAsync();
            program = null;
        }
    }

    /// <summary>Asks it to end in order (SIGTERM); its exit code.</summary>
    public async Task<int> StopAsync()
    {
        Program.Send(Signal.Terminate);
        var exitCode = await Program.EndedAsync();
        await KillAsync();
        return exitCode;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Client.Dispose();
    }

    private async Task<bool> IsReadyAsync() => Program.HasEnded
        ? throw new InvalidOperationException($"The node ended instead of serving; it wrote:\n{Program.Output}")
        : await Client.IsReadyAsync();
}
