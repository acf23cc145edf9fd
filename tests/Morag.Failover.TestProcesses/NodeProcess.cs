using System.Globalization;
using Morag.Failover.TestProcesses.Networks;
using Morag.Redis.TestServers;

namespace Morag.Failover.TestProcesses;

/// <summary>The settings of a node.</summary>
public sealed record NodeProcessSettings
{
    /// <summary>Connection string of Redis; null for the embedded one.</summary>
    public string? Redis { get; init; }

    /// <summary>Its data folder.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The program that starts it, with its arguments; empty for none.</summary>
    public IReadOnlyList<string> Launcher { get; init; } = [];

    /// <summary>Name or address at which other nodes reach it; null for the default.</summary>
    public string? Host { get; init; }

    /// <summary>Host of its HTTP API.</summary>
    public string HttpHost { get; init; } = "127.0.0.1";

    /// <summary>Further arguments.</summary>
    public IReadOnlyList<string> More { get; init; } = [];

    /// <summary>Port of its HTTP API.</summary>
    public int HttpPort { get; init; } = RedisTestServer.FreePort();

    /// <summary>Port for other nodes; 0 for a free one.</summary>
    public int ClusterPort { get; init; }

    /// <summary>Nodes to join, as host:port; empty for a cluster of one.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>The data loss to accept at the start; null accepts none.</summary>
    public string? AcceptDataLoss { get; init; }

    /// <summary>The host of a test network on which it runs; null for this machine.</summary>
    public NetworkHost? NetworkHost { get; init; }

    /// <summary>HOCON for <c>--config</c>; null for none.</summary>
    public string? Config { get; init; }

    /// <summary>Further settings as environment variables, such as secrets.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>The file with the authority of its HTTPS certificate; null if it serves HTTP.</summary>
    public string? Authority { get; init; }

    /// <summary>The token for <see cref="NodeProcess.Client"/>; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>How many characters of its output to keep; null for the usual number.</summary>
    public int? OutputKept { get; init; }

    internal string? ClusterHost => NetworkHost?.Address ?? Host;

    internal string Url => string.Create(CultureInfo.InvariantCulture, $"{(Authority is null ? "http" : "https")}://{HttpHost}:{HttpPort}");
}

/// <summary>A node process that can be killed, frozen, stopped, and restarted on the same data and ports.</summary>
public sealed class NodeProcess : IAsyncDisposable
{
    private readonly NodeProcessSettings settings;
    private RunningProgram? program;

    private NodeProcess(NodeProcessSettings settings)
    {
        this.settings = settings;
        Address = new Uri(settings.Url);
        Client = CreateClient();
    }

    /// <summary>The address of its HTTP API.</summary>
    public Uri Address { get; }

    /// <summary>The host and port at which other nodes reach it, if its settings give the port.</summary>
    public string ClusterAddress => string.Create(
        CultureInfo.InvariantCulture, $"{settings.ClusterHost ?? "127.0.0.1"}:{settings.ClusterPort}");

    /// <summary>A client of its HTTP API.</summary>
    public NodeClient Client { get; }

    /// <summary>Whether it has been started and not been stopped since.</summary>
    public bool IsRunning => program is not null;

    /// <summary>The running process.</summary>
    public RunningProgram Program => program ?? throw new InvalidOperationException("The node is not running");

    /// <summary>Starts a node, and returns when it is ready.</summary>
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

    /// <summary>Starts a node without waiting until it is ready.</summary>
    public static NodeProcess StartWithoutWaiting(NodeProcessSettings settings)
    {
        var node = new NodeProcess(settings);
        node.StartWithoutWaiting();
        return node;
    }

    /// <summary>Returns when it is ready.</summary>
    public Task BecomesReadyAsync() => Eventually.HoldsAsync(IsReadyAsync, () => $"the node is ready; it wrote:\n{Program.Output}");

    /// <summary>The command-line arguments for these settings.</summary>
    public static IEnumerable<string> Arguments(NodeProcessSettings settings)
    {
        yield return "--data";
        yield return settings.DataFolder;
        yield return "--http";
        yield return settings.Url;
        yield return "--port";
        yield return settings.ClusterPort.ToString(CultureInfo.InvariantCulture);
        foreach (var argument in settings.More)
        {
            yield return argument;
        }

        if (settings.ClusterHost is { } host)
        {
            yield return "--host";
            yield return host;
        }

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

    /// <summary>Restarts it on the same data and ports, and returns when it is ready.</summary>
    public async Task StartAgainAsync()
    {
        StartWithoutWaiting();
        await BecomesReadyAsync();
    }

    /// <summary>Restarts it on the same data and ports without waiting until it is ready.</summary>
    public void StartWithoutWaiting()
    {
        var launcher = settings.NetworkHost?.Launcher ?? settings.Launcher;
        program = settings.OutputKept is { } kept
            ? RunningProgram.StartUnder(launcher, Programs.Node, Arguments(settings), settings.Environment, kept)
            : RunningProgram.StartUnder(launcher, Programs.Node, Arguments(settings), settings.Environment);
    }

    /// <summary>Another client of its HTTP API. The caller disposes it.</summary>
    /// <param name="retries">Whether it retries calls that are answered with 503.</param>
    public NodeClient CreateClient(bool retries = true) =>
        new(Address, settings.Authority, settings.Token, settings.NetworkHost?.CreateHandler()) { Retries = retries };

    /// <summary>Kills it with SIGKILL, and returns when it is gone.</summary>
    public async Task KillAsync()
    {
        if (program is not null)
        {
            await program.DisposeAsync();
            program = null;
        }
    }

    /// <summary>Stops it with SIGTERM, and returns its exit code.</summary>
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
