using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using StackExchange.Redis;

namespace Morag.Redis.TestServers;

/// <summary>When redis-server flushes its append-only file to disk.</summary>
public enum AppendFsync
{
    /// <summary>
    /// Every second. While the disk is busy, redis-server postpones even the write to the file for up to two seconds, so kill -9 can lose
    /// acknowledged writes, not only a power failure.
    /// </summary>
    EverySecond,

    /// <summary>Before each reply. No acknowledged write is lost.</summary>
    Always,
}

/// <summary>
/// The machine's redis-server, with an append-only file. On a machine without redis-server, tests are skipped (see
/// <see cref="RequiresRedisServerFactAttribute"/> and <see cref="ServerFactAttribute"/>), or fail if CI=true.
/// </summary>
public sealed class RedisServer : RedisTestServer
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private RedisProcess? process;

    public AppendFsync AppendFsync { get; init; } = AppendFsync.Always;

    /// <summary>Additional arguments of redis-server, such as <c>["--maxmemory", "10mb"]</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>The password that <see cref="Settings"/> require from clients, if any.</summary>
    public string? Password { get; init; }

    /// <summary>The address on which it listens.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The words before its command line, which must replace themselves by it, such as <c>ip netns exec NAME</c>.</summary>
    public IReadOnlyList<string> Launcher { get; init; } = [];

    /// <summary>Its port. It stays the same after a restart.</summary>
    public int Port { get; } = FreePort();

    public override string Address => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    public override string ConnectionString => $"{Address},password={Password},abortConnect=false";

    public override int ProcessId => process?.Id ?? throw new InvalidOperationException("The server is not running");

    /// <summary>Whether it was started and has not been killed since.</summary>
    internal bool IsRunning => process is not null;

    /// <summary>Why tests that need redis-server are skipped here. Null if they run, or if they fail because CI=true.</summary>
    public static string? SkipReason { get; } =
        IsInstalled() || Environment.GetEnvironmentVariable("CI") == "true"
            ? null
            : "NOT TESTED: redis-server is not on the PATH of this machine (with CI=true this is a failure)";

    public override async Task InitializeAsync()
    {
        if (SkipReason is not null)
        {
            // xunit also creates the fixtures of skipped tests.
            return;
        }

        if (!IsInstalled())
        {
            throw new InvalidOperationException("redis-server is not on the PATH, and with CI=true its tests must not be skipped");
        }

        Directory.CreateDirectory(DataFolder);
        var log = Path.Combine(DataFolder, "redis.log");
        process = await RedisProcess.StartAsync(log, Arguments(), Launcher);
        await AwaitReadyAsync(log);
    }

    public override async Task KillAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
            process = null;
        }
    }

    /// <summary>A socket that this process reaches even if the server is on another host of a test network.</summary>
    private string ControlSocket => Path.Combine(DataFolder, "control");

    private static bool IsInstalled() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, "redis-server")));

    private IEnumerable<string> Arguments() =>
    [
        "--bind", Host,
        "--port", Port.ToString(CultureInfo.InvariantCulture),
        "--dir", DataFolder,
        "--save", "",
        "--appendonly", "yes",
        "--appendfsync", AppendFsync == AppendFsync.Always ? "always" : "everysec",
        .. Launcher.Count > 0 ? (string[])["--unixsocket", ControlSocket] : [],
        .. Settings,
    ];

    private async Task AwaitReadyAsync(string log)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < StartTimeout;)
        {
            if (await RepliesAsync())
            {
                return;
            }

            await Task.Delay(PollInterval);
        }

        throw new InvalidOperationException($"redis-server is not ready after {StartTimeout}: {await File.ReadAllTextAsync(log)}");
    }

    private protected override ConfigurationOptions OptionsOfThisProcess()
    {
        var options = base.OptionsOfThisProcess();
        if (Launcher.Count > 0)
        {
            options.EndPoints.Clear();
            options.EndPoints.Add(new UnixDomainSocketEndPoint(ControlSocket));
        }

        return options;
    }

    private async Task<bool> RepliesAsync()
    {
        try
        {
            var options = OptionsOfThisProcess();
            options.AbortOnConnectFail = true;
            options.ConnectTimeout = 1000;
            await using var connection = await ConnectionMultiplexer.ConnectAsync(options);
            await connection.GetDatabase().PingAsync();
            return true;
        }
        catch (RedisException)
        {
            return false;
        }
    }
}
