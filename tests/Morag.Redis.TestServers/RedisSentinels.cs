using System.Diagnostics;
using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace Morag.Redis.TestServers;

/// <summary>A primary and a replica, watched by three Redis Sentinels that promote the replica when two of them miss the primary.</summary>
public sealed class RedisSentinels : RedisTestServer
{
    private const string ServiceName = "journal";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly int[] ports = [.. Enumerable.Range(0, 3).Select(_ => FreePort())];
    private readonly List<KeptProcess> sentinels = [];
    private readonly RedisServer[] servers;

    public RedisSentinels()
    {
        var first = new RedisServer();
        servers =
        [
            first,
            new RedisServer { Settings = ["--replicaof", "127.0.0.1", first.Port.ToString(CultureInfo.InvariantCulture)] },
        ];
    }

    /// <summary>Where the sentinels are.</summary>
    public override string Address => string.Join(',', ports.Select(port => $"127.0.0.1:{port}"));

    /// <summary>Where the sentinels are, and the name of what they watch.</summary>
    public override string ConnectionString => $"{Address},serviceName={ServiceName},abortConnect=false";

    /// <summary>Process id of the first server.</summary>
    public override int ProcessId => servers[0].ProcessId;

    /// <summary>Which server is the primary, as the sentinels have agreed, and which is not.</summary>
    public async Task<(RedisServer Primary, RedisServer Other)> RolesAsync()
    {
        await using var sentinel = await ConnectToSentinelAsync(ports[0]);
        var primary = (IPEndPoint)(await sentinel.GetServers()[0].SentinelGetMasterAddressByNameAsync(ServiceName))!;
        return primary.Port == servers[0].Port ? (servers[0], servers[1]) : (servers[1], servers[0]);
    }

    /// <summary>
    /// Starts what does not run, and returns once all sentinels know each other and a primary, of which the other server is a
    /// replica that has all of its data.
    /// </summary>
    public override async Task InitializeAsync()
    {
        foreach (var server in servers)
        {
            if (!server.IsRunning)
            {
                await server.InitializeAsync();
            }
        }

        if (RedisServer.SkipReason is not null)
        {
            return;
        }

        foreach (var port in ports.Skip(sentinels.Count))
        {
            sentinels.Add(await StartSentinelAsync(port));
        }

        for (var waited = Stopwatch.StartNew(); await MissingAsync() is { } missing; await Task.Delay(PollInterval))
        {
            if (waited.Elapsed > Bound)
            {
                throw new InvalidOperationException($"The sentinels are not ready: {missing}");
            }
        }
    }

    public override async Task KillAsync()
    {
        foreach (var sentinel in sentinels)
        {
            await sentinel.DisposeAsync();
        }

        sentinels.Clear();
        foreach (var server in servers)
        {
            await server.KillAsync();
        }
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }
    }

    private async Task<KeptProcess> StartSentinelAsync(int port)
    {
        // A sentinel keeps in its file what it knows.
        var folder = Path.Combine(DataFolder, port.ToString(CultureInfo.InvariantCulture));
        Directory.CreateDirectory(folder);
        var settings = Path.Combine(folder, "sentinel.conf");
        if (!File.Exists(settings))
        {
            await File.WriteAllTextAsync(settings, string.Create(CultureInfo.InvariantCulture, $"""
                bind 127.0.0.1
                port {port}
                dir {folder}
                sentinel monitor {ServiceName} 127.0.0.1 {servers[0].Port} 2
                sentinel down-after-milliseconds {ServiceName} 1000
                sentinel failover-timeout {ServiceName} 5000
                """));
        }

        return await KeptProcess.StartAsync(Path.Combine(folder, "sentinel.log"), [settings, "--sentinel"]);
    }

    /// <summary>What is not as it should be; null once everything is.</summary>
    private async Task<string?> MissingAsync()
    {
        try
        {
            foreach (var port in ports)
            {
                await using var sentinel = await ConnectToSentinelAsync(port);
                var seen = (await sentinel.GetServers()[0].SentinelMasterAsync(ServiceName)).ToDictionary();
                if (seen["flags"] != "master" || seen["num-other-sentinels"] != "2" || seen["num-slaves"] != "1")
                {
                    return $"sentinel {port} sees {string.Join(' ', seen)}";
                }
            }

            var (primary, other) = await RolesAsync();
            await using var redis = await other.ConnectAsync();
            var replication = (string)(await redis.GetServers()[0].ExecuteAsync("INFO", "replication"))!;
            return replication.Contains("role:slave", StringComparison.Ordinal)
                && replication.Contains($"master_port:{primary.Port}", StringComparison.Ordinal)
                && replication.Contains("master_link_status:up", StringComparison.Ordinal)
                    ? null
                    : $"server {other.Port} is not a replica of {primary.Port}: {replication}";
        }
        catch (RedisException e)
        {
            return e.Message;
        }
    }

    private static Task<ConnectionMultiplexer> ConnectToSentinelAsync(int port) => ConnectionMultiplexer.SentinelConnectAsync($"127.0.0.1:{port}");
}
