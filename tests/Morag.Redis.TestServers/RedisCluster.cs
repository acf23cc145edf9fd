using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace Morag.Redis.TestServers;

/// <summary>A Redis Cluster of three masters, each with a third of the slots and without a replica.</summary>
public sealed class RedisCluster : RedisTestServer
{
    private const int Slots = 16384;
    private static readonly TimeSpan FormingTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly int[] busPorts = [.. Enumerable.Range(0, 3).Select(_ => FreePort())];
    private bool isFormed;

    public RedisCluster() => Masters =
    [
        .. busPorts.Select(port => new RedisServer
        {
            Settings =
            [
                "--cluster-enabled", "yes",
                // The default is the client port plus 10,000, which may exceed the highest port.
                "--cluster-port", port.ToString(CultureInfo.InvariantCulture),
                "--cluster-node-timeout", "3000",
            ],
        }),
    ];

    /// <summary>The masters. Each can be killed and restarted.</summary>
    public IReadOnlyList<RedisServer> Masters { get; }

    /// <summary>The master that owns a slot.</summary>
    public RedisServer MasterOf(int slot) => Masters.Where((_, index) => FirstSlot(index) <= slot).Last();

    public override string Address => string.Join(',', Masters.Select(master => master.Address));

    public override string ConnectionString => $"{Address},abortConnect=false";

    /// <summary>Process id of the first master.</summary>
    public override int ProcessId => Masters[0].ProcessId;

    public override async Task InitializeAsync()
    {
        foreach (var master in Masters)
        {
            await master.InitializeAsync();
        }

        if (RedisServer.SkipReason is not null)
        {
            return;
        }

        if (!isFormed)
        {
            await FormAsync();
            isFormed = true;
        }

        await AwaitReadyAsync();
    }

    /// <summary>Waits until every master considers the cluster complete, for example after the restart of one of them.</summary>
    public async Task AwaitReadyAsync()
    {
        foreach (var master in Masters)
        {
            await AwaitClusterAsync(master);
        }
    }

    public override async Task KillAsync()
    {
        foreach (var master in Masters)
        {
            await master.KillAsync();
        }
    }

    public override async Task DisposeAsync()
    {
        foreach (var master in Masters)
        {
            await master.DisposeAsync();
        }
    }

    private int FirstSlot(int index) => Slots * index / Masters.Count;

    private async Task FormAsync()
    {
        for (var index = 0; index < Masters.Count; index++)
        {
            await CallAsync(Masters[index], "SET-CONFIG-EPOCH", index + 1);
            await CallAsync(Masters[index], "ADDSLOTSRANGE", FirstSlot(index), FirstSlot(index + 1) - 1);
        }

        for (var index = 1; index < Masters.Count; index++)
        {
            await CallAsync(Masters[0], "MEET", "127.0.0.1", Masters[index].Port, busPorts[index]);
        }
    }

    private async Task AwaitClusterAsync(RedisServer master)
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(PollInterval))
        {
            var info = (string)(await CallAsync(master, "INFO"))!;
            if (info.Contains("cluster_state:ok", StringComparison.Ordinal)
                && info.Contains($"cluster_known_nodes:{Masters.Count}", StringComparison.Ordinal))
            {
                return;
            }

            if (waited.Elapsed > FormingTimeout)
            {
                throw new InvalidOperationException($"The cluster is not ready after {FormingTimeout}: {info}");
            }
        }
    }

    private static async Task<RedisResult> CallAsync(RedisServer master, string subcommand, params object[] arguments)
    {
        await using var connection = await master.ConnectAsync();
        return await connection.GetServer("127.0.0.1", master.Port).ExecuteAsync("CLUSTER", [subcommand, .. arguments]);
    }
}
