using System.Diagnostics;
using StackExchange.Redis;

namespace Morag.Failover.Benchmarks.Running;

/// <summary>Watches in Redis whether a queue partition is writing a large snapshot: its newest events are then snapshot parts.</summary>
internal sealed class SnapshotWatch : IAsyncDisposable
{
    private const string Events = "journal:persisted:queue-0";

    // Stops at the first part and after a megabyte: Redis copies what a script reads, which would slow down what is measured.
    private const string NewestHaveParts =
        """
        local bytes = 0
        for place = 0, 40 do
          local event = redis.call('ZREVRANGE', KEYS[1], place, place)[1]
          if not event then break end
          if string.find(string.sub(event, -200), 'snapshot.part', 1, true) then
            return {1, redis.call('GET', KEYS[1] .. ':highestSequenceNr')}
          end
          bytes = bytes + #event
          if bytes > 1000000 then break end
        end
        return {0, ''}
        """;

    private static readonly TimeSpan Over = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly ConnectionMultiplexer redis;
    private readonly CancellationTokenSource ending = new();
    private readonly Task watching;
    private volatile bool isWriting;
    private Stopwatch changed = Stopwatch.StartNew();
    private string? newest;

    private SnapshotWatch(ConnectionMultiplexer redis)
    {
        this.redis = redis;
        watching = WatchAsync();
    }

    /// <summary>Whether a snapshot is being written.</summary>
    public bool IsWriting => isWriting;

    /// <summary>How many snapshots have begun.</summary>
    public int Begun { get; private set; }

    public static async Task<SnapshotWatch> StartAsync(string connectionString) =>
        new(await ConnectionMultiplexer.ConnectAsync(connectionString));

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await watching;
        await redis.DisposeAsync();
        ending.Dispose();
    }

    /// <summary>The sequence number of the newest saved snapshot; null before the first.</summary>
    public async Task<double?> NewestSavedAsync()
    {
        var newest = await redis.GetDatabase().SortedSetRangeByRankWithScoresAsync("snapshot:queue-0", -1);
        return newest.Length == 0 ? null : newest[0].Score;
    }

    /// <summary>The number of events since the newest saved snapshot, snapshot parts included.</summary>
    public async Task<long> EventsSinceSavedAsync() =>
        await redis.GetDatabase().SortedSetLengthAsync(Events, await NewestSavedAsync() ?? 0);

    private async Task WatchAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            var found = (RedisResult[])(await redis.GetDatabase().ScriptEvaluateAsync(NewestHaveParts, [Events]))!;
            if ((string?)found[1] != newest)
            {
                newest = (string?)found[1];
                changed = Stopwatch.StartNew();
            }

            // If nothing follows the last part, the newest events remain parts after the snapshot is complete.
            var now = (int)found[0] == 1 && changed.Elapsed < Over;
            Begun += now && !isWriting ? 1 : 0;
            isWriting = now;
            await Task.Delay(Interval, ending.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }
}
