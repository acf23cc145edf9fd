using System.Diagnostics;
using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace Morag.Redis.TestServers;

/// <summary>A primary, a replica, and three Redis Sentinels. They promote the replica when two of them have lost the primary.</summary>
public sealed class RedisSentinels : RedisTestServer
{
    private const string ServiceName = "journal";
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly int[] ports = [.. Enumerable.Range(0, 3).Select(_ => FreePort())];
    private readonly List<RedisProcess> sentinels = [];
    private readonly SentinelAccess? access;
    private readonly RedisServer[] servers;

    // The ports for TLS; empty without it.
    private readonly int[] sentinelTlsPorts = [];
    private readonly int[] serverTlsPorts = [];

    public RedisSentinels()
        : this(null)
    {
    }

    private RedisSentinels(SentinelAccess? access)
    {
        this.access = access;
        string[] settings = access is null
            ? []
            :
            [
                "--requirepass", access.Administrator,
                "--masterauth", access.Administrator,
                "--user", access.User, "on", $">{access.Password}", .. access.Rights,
            ];
        if (access?.Tls is not null)
        {
            sentinelTlsPorts = [.. ports.Select(_ => FreePort())];
            serverTlsPorts = [FreePort(), FreePort()];
        }

        var first = new RedisServer { Settings = [.. settings, .. TlsOf(0)], Password = access?.Administrator };
        var watched = serverTlsPorts.Length > 0 ? serverTlsPorts[0] : first.Port;
        servers =
        [
            first,
            new RedisServer
            {
                Settings = ["--replicaof", "127.0.0.1", watched.ToString(CultureInfo.InvariantCulture), .. settings, .. TlsOf(1)],
                Password = access?.Administrator,
            },
        ];
    }

    /// <summary>Servers and sentinels that require a password.</summary>
    /// <param name="access">Their passwords and their user.</param>
    public static RedisSentinels WithAccess(SentinelAccess access) => new(access);

    /// <summary>Addresses of the sentinels.</summary>
    public override string Address => string.Join(
        ',', (sentinelTlsPorts.Length > 0 ? sentinelTlsPorts : ports).Select(port => $"127.0.0.1:{port}"));

    /// <summary>Addresses of the sentinels, and the name of the service that they watch.</summary>
    public override string ConnectionString => $"{Address},serviceName={ServiceName},abortConnect=false"
        + (access is null ? "" : $",user={access.User},password={access.Password}")
        + (access?.Tls is null ? "" : ",ssl=true,sslHost=localhost");

    /// <summary>Process id of the first server.</summary>
    public override int ProcessId => servers[0].ProcessId;

    /// <summary>Returns the server that the sentinels have agreed on as the primary, and the other server.</summary>
    public async Task<(RedisServer Primary, RedisServer Other)> RolesAsync()
    {
        await using var sentinel = await ConnectToSentinelAsync(ports[0]);
        var primary = (IPEndPoint)(await sentinel.GetServers()[0].SentinelGetMasterAddressByNameAsync(ServiceName))!;
        return primary.Port == WatchedPort(0) ? (servers[0], servers[1]) : (servers[1], servers[0]);
    }

    /// <summary>
    /// Starts whatever is not running. Returns once the sentinels know each other and the primary, and the other server is its replica
    /// and has all of its data.
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

        for (var waited = Stopwatch.StartNew(); await FindObstacleAsync() is { } obstacle; await Task.Delay(PollInterval))
        {
            if (waited.Elapsed > ReadyTimeout)
            {
                throw new InvalidOperationException($"The sentinels are not ready: {obstacle}");
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

    /// <summary>The port of a server that sentinels and replicas use.</summary>
    private int WatchedPort(int server) => serverTlsPorts.Length > 0 ? serverTlsPorts[server] : servers[server].Port;

    private IReadOnlyList<string> TlsOf(int server) => access?.Tls is { } authority
        ? [.. authority.CreateTlsArguments(serverTlsPorts[server]), "--tls-replication", "yes"]
        : [];

    /// <summary>The lines of a sentinel's settings file for TLS.</summary>
    private string SentinelTlsSettings(int port)
    {
        if (access?.Tls is not { } authority)
        {
            return "";
        }

        var words = authority.CreateTlsArguments(sentinelTlsPorts[Array.IndexOf(ports, port)]);
        return string.Join('\n', words.Chunk(2).Select(pair => $"{pair[0].TrimStart('-')} {pair[1]}").Append("tls-replication yes"));
    }

    private async Task<RedisProcess> StartSentinelAsync(int port)
    {
        // A sentinel stores its state in this file.
        var folder = Path.Combine(DataFolder, port.ToString(CultureInfo.InvariantCulture));
        Directory.CreateDirectory(folder);
        var settings = Path.Combine(folder, "sentinel.conf");
        if (!File.Exists(settings))
        {
            await File.WriteAllTextAsync(settings, string.Create(CultureInfo.InvariantCulture, $"""
                bind 127.0.0.1
                port {port}
                dir {folder}
                sentinel monitor {ServiceName} 127.0.0.1 {WatchedPort(0)} 2
                sentinel down-after-milliseconds {ServiceName} 1000
                sentinel failover-timeout {ServiceName} 5000
                {(access is null ? "" : AccessSettings(access))}
                {SentinelTlsSettings(port)}
                """));
        }

        return await RedisProcess.StartAsync(Path.Combine(folder, "sentinel.log"), [settings, "--sentinel"]);
    }

    private static string AccessSettings(SentinelAccess access) =>
        $"""
        requirepass {access.Administrator}
        sentinel sentinel-pass {access.Administrator}
        sentinel auth-pass {ServiceName} {access.Administrator}
        user {access.User} on >{access.Password} {string.Join(' ', access.SentinelRights)}
        """;

    /// <summary>Returns why the sentinels are not ready, or null if they are.</summary>
    private async Task<string?> FindObstacleAsync()
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
                && replication.Contains($"master_port:{WatchedPort(Array.IndexOf(servers, primary))}", StringComparison.Ordinal)
                && replication.Contains("master_link_status:up", StringComparison.Ordinal)
                    ? null
                    : $"server {other.Port} is not a replica of {primary.Port}: {replication}";
        }
        catch (RedisException e)
        {
            return e.Message;
        }
    }

    private Task<ConnectionMultiplexer> ConnectToSentinelAsync(int port) =>
        ConnectionMultiplexer.SentinelConnectAsync($"127.0.0.1:{port},password={access?.Administrator}");
}

/// <summary>Who may connect to servers and sentinels.</summary>
public sealed record SentinelAccess
{
    /// <summary>The password of the default user of both.</summary>
    public required string Administrator { get; init; }

    /// <summary>The name of another user of both.</summary>
    public required string User { get; init; }

    /// <summary>The password of that user.</summary>
    public required string Password { get; init; }

    /// <summary>The rights of that user on the servers, as for <c>ACL SETUSER</c>.</summary>
    public required IReadOnlyList<string> Rights { get; init; }

    /// <summary>The rights of that user on the sentinels.</summary>
    public required IReadOnlyList<string> SentinelRights { get; init; }

    /// <summary>
    /// The authority of the certificates with which servers and sentinels talk TLS to clients and to each other; null for no TLS.
    /// </summary>
    public TestAuthority? Tls { get; init; }
}
