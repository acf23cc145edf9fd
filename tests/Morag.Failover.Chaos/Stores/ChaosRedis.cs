using System.Globalization;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;
using StackExchange.Redis;

namespace Morag.Failover.Chaos.Stores;

/// <summary>The Redis of a cluster: one server, or two with Sentinel.</summary>
internal sealed class ChaosRedis : IAsyncDisposable
{
    private readonly RedisTestServer server;
    private readonly SmallDisk? disk;

    private ChaosRedis(RedisTestServer server, SmallDisk? disk)
    {
        this.server = server;
        this.disk = disk;
    }

    public string ConnectionString => server.ConnectionString;

    private RedisSentinels Sentinels => server as RedisSentinels ?? throw new InvalidOperationException("This Redis has no replica");

    /// <summary>Starts a server on its own.</summary>
    /// <param name="server">The server.</param>
    /// <param name="onSmallDisk">Whether its disk can be filled.</param>
    public static Task<ChaosRedis> StartAsync(RedisServer server, bool onSmallDisk) =>
        StartAsync(server, onSmallDisk ? SmallDisk.MountAt(server.DataFolder) : null);

    /// <summary>Starts a server, a replica and three sentinels.</summary>
    public static Task<ChaosRedis> StartWithSentinelsAsync() => StartAsync(new RedisSentinels(), disk: null);

    /// <summary>Freezes it for a time.</summary>
    public async Task FreezeAsync(TimeSpan time)
    {
        await server.PauseAsync();
        await Task.Delay(time);
        await server.ResumeAsync();
    }

    /// <summary>Kills it, and starts it again on its data.</summary>
    public Task RestartAsync() => server.RestartAsync();

    /// <summary>Lets it hold every command for a time.</summary>
    public async Task HoldCommandsAsync(TimeSpan time)
    {
        await ExecuteAsync("CLIENT", "PAUSE", time.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture), "ALL");
        await Task.Delay(time);
    }

    /// <summary>Leaves it no memory for a time.</summary>
    public async Task FillMemoryAsync(TimeSpan time)
    {
        await ExecuteAsync("CONFIG", "SET", "maxmemory-policy", "noeviction");
        await ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
        await Task.Delay(time);
        await ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
    }

    /// <summary>Leaves no room on its disk for a time. If it ends for that, it is started again, as a service manager would do.</summary>
    /// <returns>Whether it ended.</returns>
    public async Task<bool> FillDiskAsync(TimeSpan time)
    {
        disk!.Fill();
        await Task.Delay(time);
        disk.Free();
        var ended = ProcessTable.IsGone(server.ProcessId);
        if (ended)
        {
            await server.RestartAsync();
        }

        return ended;
    }

    /// <summary>Kills the primary, and starts it again after a time, at least after the replica was promoted.</summary>
    public async Task KillPrimaryAsync(TimeSpan time)
    {
        var (primary, _) = await Sentinels.RolesAsync();
        await primary.KillAsync();
        await PromotedInsteadOfAsync(primary);
        await Task.Delay(time);
        await Sentinels.InitializeAsync();
    }

    /// <summary>Freezes the primary for a time, at least until the replica was promoted.</summary>
    public async Task FreezePrimaryAsync(TimeSpan time)
    {
        var (primary, _) = await Sentinels.RolesAsync();
        await primary.PauseAsync();
        await PromotedInsteadOfAsync(primary);
        await Task.Delay(time);
        await primary.ResumeAsync();
        await Sentinels.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await server.KillAsync();
        disk?.Dispose();
        await server.DisposeAsync();
    }

    private static async Task<ChaosRedis> StartAsync(RedisTestServer server, SmallDisk? disk)
    {
        var redis = new ChaosRedis(server, disk);
        try
        {
            await server.InitializeAsync();
            return redis;
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    private Task PromotedInsteadOfAsync(RedisServer primary) => Eventually.HoldsAsync(
        async () => (await Sentinels.RolesAsync()).Primary != primary, () => "the sentinels promote the replica");

    private async Task ExecuteAsync(string command, params object[] arguments)
    {
        await using var connection = await server.ConnectAsync();
        await connection.GetDatabase().ExecuteAsync(command, arguments, CommandFlags.DemandMaster);
    }
}
