using System.Text.Json;
using StackExchange.Redis;

namespace Morag.Failover.Node.Stores;

/// <summary>
/// Checks every few seconds that Redis still holds this node's complete journal and is not set to evict keys. The journal
/// itself checks the identity within each write; this watch explains why writes fail, stops the node, and keeps the record up to date.
/// </summary>
internal sealed class StoreWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PolicyInterval = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RecordInterval = TimeSpan.FromSeconds(10);

    // Redis with appendfsync everysec may lose the last second or two when its machine loses power.
    private static readonly TimeSpan MayBeLost = TimeSpan.FromSeconds(5);

    private readonly StoreAddress store;
    private readonly JournalRecord record;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly CancellationTokenSource stopping = new();
    private readonly Refusal refusal;
    private readonly Queue<(long At, long Writes)> seen = new();
    private readonly Task watching;
    private RecordedJournal known;
    private MemoryPolicy? policy;
    private long newest;
    private long recordedAt;
    private volatile bool reconnected;

    /// <summary>Begins to watch the journal that is recorded.</summary>
    /// <param name="store">Where the journal is.</param>
    /// <param name="record">What is recorded of it.</param>
    /// <param name="refusal">Is told when this node must not go on.</param>
    /// <param name="time">Measures how long ago something was seen.</param>
    /// <param name="log">Receives a line for each thing that an operator should know.</param>
    public StoreWatch(StoreAddress store, JournalRecord record, Refusal refusal, TimeProvider time, ILogger log)
    {
        this.refusal = refusal;
        this.store = store;
        this.record = record;
        this.time = time;
        this.log = log;
        known = record.Current ?? throw new ArgumentException("Nothing is recorded", nameof(record));
        recordedAt = time.GetTimestamp();
        watching = WatchAsync();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await watching;
        stopping.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            await using var connection = await store.ConnectAsync("morag-watch", waits: true);
            connection.ConnectionRestored += (_, _) => reconnected = true;
            var redis = connection.GetDatabase();
            var policyAt = 0L;
            using var timer = new PeriodicTimer(Interval, time);
            do
            {
                var looksAtPolicy = policyAt == 0 || reconnected || time.GetElapsedTime(policyAt) >= PolicyInterval;
                if (await LookAsync(redis, looksAtPolicy) && looksAtPolicy)
                {
                    policyAt = time.GetTimestamp();
                    reconnected = false;
                }
            }
            while (!refusal.Happened.IsCompleted && await timer.WaitForNextTickAsync(stopping.Token));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
#pragma warning disable CA1031 // A watch that ends without a word would watch nothing.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            log.LogCritical(failure, "The watch over {Store} failed", store.Name);
            refusal.Say($"The watch over {store.Name} failed, and the node stops: {failure.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Whether Redis has answered.</summary>
    private async Task<bool> LookAsync(IDatabase redis, bool alsoAtPolicy)
    {
        try
        {
            var found = await FoundStore.ReadAsync(redis);
            Judge(found);
            Keep(found.Writes);
            if (alsoAtPolicy && !refusal.Happened.IsCompleted && await MemoryPolicy.ReadAsync(redis) is { } now)
            {
                Judge(now);
            }

            return true;
        }
        catch (Exception e) when (StoreFailure.Is(e))
        {
            // The readiness check says so.
            return false;
        }
    }

    private void Judge(FoundStore found)
    {
        switch (StoreComparison.Compare(found, known))
        {
            case StoreVerdict.Same when found.Writes < newest:
                log.LogWarning(
                    "{Store} has come back without its last {Lost} writes, which is what its settings allow (appendfsync, replication); owners that knew them start again from what is there",
                    store.Name, newest - found.Writes);
                break;
            case StoreVerdict.Same:
                break;
            case StoreVerdict.Other other:
                Refuse($"{other.Why}; start this node again to follow");
                break;
            case StoreVerdict.Lost lost:
                Refuse(
                    $"{lost.What}. Nothing was written there. Give the node the Redis that it had, or restore its data from a backup, and start the node again; "
                    + "it says how to go on without");
                break;
            default:
                throw new InvalidOperationException($"{found} is not known");
        }
    }

    private void Judge(MemoryPolicy now)
    {
        var before = policy;
        policy = now;
        var hasEvicted = before is not null && before.RunId == now.RunId && now.Evicted > before.Evicted && (before.Evicts || now.Evicts);
        if (hasEvicted)
        {
            var damage = $"Redis has evicted {now.Evicted - before!.Evicted} keys under maxmemory-policy {(now.Evicts ? now : before).Policy}, and events may be among them";
            Write(known with { Damage = damage });
            Refuse($"{damage}. {now.Refusal ?? "It evicts none now"}. Then restore the data from a backup, and start the node again; it says how to go on without");
        }
        else if (now.Refusal is { } evicts && before?.Refusal != evicts)
        {
            log.LogError("{Store}: {Refusal}. This node would not start with it, and stops as soon as keys are evicted", store.Name, evicts);
        }
        else if (before is not null && now.Warning is { } warning && before.Warning != warning)
        {
            log.LogWarning("{Store}: {Warning}", store.Name, warning);
        }
    }

    private void Refuse(string why) => refusal.Say($"The node stops, because of {store.Name}: {why}");

    /// <summary>Records how much Redis has to hold from now on: what it held some time ago.</summary>
    private void Keep(long writes)
    {
        newest = writes;
        if (refusal.Happened.IsCompleted)
        {
            return;
        }

        seen.Enqueue((time.GetTimestamp(), writes));
        var kept = known.Writes;
        while (seen.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= MayBeLost)
        {
            kept = Math.Max(kept, seen.Dequeue().Writes);
        }

        known = known with { Writes = kept, SeenAt = time.GetUtcNow() };
        if (kept > record.Current!.Writes && time.GetElapsedTime(recordedAt) >= RecordInterval)
        {
            recordedAt = time.GetTimestamp();
            Write(known);
        }
    }

    private void Write(RecordedJournal journal)
    {
        known = journal;
        try
        {
            record.Write(journal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            log.LogError("{File} could not be written; a loss of data in Redis may not be noticed at the next start: {Why}", record.File, e.Message);
        }
    }
}
