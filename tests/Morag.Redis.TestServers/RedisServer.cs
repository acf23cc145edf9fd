using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace Morag.Redis.TestServers;

/// <summary>When an append-only file is forced to disk.</summary>
public enum AppendFsync
{
    /// <summary>
    /// While the disk is busy, redis-server answers up to two seconds before it writes to the file at all, so that not only a
    /// power loss but also kill -9 takes writes that were acknowledged.
    /// </summary>
    EverySecond,

    /// <summary>Before each answer: what was acknowledged is there.</summary>
    Always,
}

/// <summary>
/// redis-server as the machine has it, with an append-only file. On a machine without it, tests are skipped (see
/// <see cref="RequiresRedisServerFactAttribute"/> and <see cref="ServerFactAttribute"/>); where CI is set, they fail.
/// </summary>
public sealed class RedisServer : RedisTestServer
{
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private KeptProcess? process;

    public AppendFsync AppendFsync { get; init; } = AppendFsync.Always;

    /// <summary>More arguments of redis-server, such as <c>["--maxmemory", "10mb"]</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>What <see cref="Settings"/> make clients say, if anything.</summary>
    public string? Password { get; init; }

    /// <summary>Port on 127.0.0.1, the same after a restart.</summary>
    public int Port { get; } = FreePort();

    public override string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public override string ConnectionString => $"{Address},password={Password},abortConnect=false";

    public override int ProcessId => process?.Id ?? throw new InvalidOperationException("The server is not running");

    /// <summary>Whether it was started and not killed since.</summary>
    internal bool IsRunning => process is not null;

    /// <summary>Why a test that needs redis-server cannot run here; null if it can, or if it has to fail instead.</summary>
    public static string? SkipReason { get; } =
        IsInstalled() || Environment.GetEnvironmentVariable("CI") == "true"
            ? null
            : "NOT TESTED: redis-server is not on the PATH of this machine (with CI=true this is a failure)";

    public override async Task InitializeAsync()
    {
        if (SkipReason is not null)
        {
            // xunit makes fixtures also for tests that it skips.
            return;
        }

        if (!IsInstalled())
        {
            throw new InvalidOperationException("redis-server is not on the PATH, and CI=true forbids to skip its tests");
        }

        Directory.CreateDirectory(DataFolder);
        var log = Path.Combine(DataFolder, "redis.log");
        process = await KeptProcess.StartAsync(log, Arguments());
        await ServesAsync(log);
    }

    public override async Task KillAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
            process = null;
        }
    }

    private static bool IsInstalled() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, "redis-server")));

    private IEnumerable<string> Arguments() =>
    [
        "--bind", "127.0.0.1",
        "--port", Port.ToString(CultureInfo.InvariantCulture),
        "--dir", DataFolder,
        "--save", "",
        "--appendonly", "yes",
        "--appendfsync", AppendFsync == AppendFsync.Always ? "always" : "everysec",
        .. Settings,
    ];

    private async Task ServesAsync(string log)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < StartBound;)
        {
            if (await AnswersAsync())
            {
                return;
            }

            await Task.Delay(PollInterval);
        }

        throw new InvalidOperationException($"redis-server does not serve: {await File.ReadAllTextAsync(log)}");
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            var options = ConfigurationOptions.Parse(ConnectionString);
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
