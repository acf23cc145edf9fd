using System.Text.Json;
using Morag.Failover.Contracts.Wire;
using StackExchange.Redis;

namespace Morag.Failover.Node.Stores;

/// <summary>
/// Checks every few seconds that Redis still holds this node's complete journal and does not evict keys. The journal itself checks the
/// identity within each write. This watch explains why writes fail, stops the node, and updates the record.
/// </summary>
internal sealed class JournalWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PolicyInterval = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RecordInterval = TimeSpan.FromSeconds(10);

    // With appendfsync everysec, Redis can lose the last second or two when its machine loses power.
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
    private volatile MemoryPolicy? memoryUse;
    private long newest;
    private long recordedAt;
    private volatile bool reconnected;

    /// <summary>Starts to watch the recorded journal.</summary>
    /// <param name="store">The Redis with the journal.</param>
    /// <param name="record">The node's record of the journal.</param>
    /// <param name="refusal">Stops the node.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log for warnings to the operator.</param>
    public JournalWatch(StoreAddress store, JournalRecord record, Refusal refusal, TimeProvider time, ILogger log)
    {
        this.refusal = refusal;
        this.store = store;
        this.record = record;
        this.time = time;
        this.log = log;
        known = record.Current ?? throw new ArgumentException("There is no recorded journal.", nameof(record));
        recordedAt = time.GetTimestamp();
        watching = WatchAsync();
    }

    /// <summary>The share of the memory of Redis in use, a few seconds ago; null if it is unlimited or unknown.</summary>
    public double? MemoryUse => memoryUse?.Use;

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
                var policyIsDue = policyAt == 0 || reconnected || time.GetElapsedTime(policyAt) >= PolicyInterval;
                if (await CheckAsync(redis, policyIsDue) && policyIsDue)
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
#pragma warning disable CA1031 // The watch must not end silently, whatever the failure is.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            log.CheckFailed(failure, store.Name);
            refusal.Stop($"The node stops because checking {store.Name} failed unexpectedly: {failure.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Checks Redis once; false if it does not answer.</summary>
    private async Task<bool> CheckAsync(IDatabase redis, bool includingPolicy)
    {
        try
        {
            var found = await FoundStore.ReadAsync(redis);
            Judge(found);
            RecordWrites(found.Writes);
            if (includingPolicy && !refusal.Happened.IsCompleted && await MemoryPolicy.ReadAsync(redis) is { } now)
            {
                memoryUse = now;
                Judge(now);
            }

            return true;
        }
        catch (Exception e) when (StoreFailure.Is(e))
        {
            // The readiness check of the journal reports it.
            return false;
        }
    }

    private void Judge(FoundStore found)
    {
        switch (StoreComparison.Compare(found, known))
        {
            case StoreVerdict.Same when found.Writes < newest:
                log.LostLastWrites(store.Name, Counted.Of(newest - found.Writes, "write"));
                break;
            case StoreVerdict.Same:
                break;
            case StoreVerdict.Other other:
                Refuse($"{other.Why}. Start this node again to use that journal");
                break;
            case StoreVerdict.Lost lost:
                Refuse(
                    $"{lost.What}. Nothing was written to it. Point the node to the Redis it used before, or restore that data from a "
                    + "backup, and start the node again. If the data is lost for good, the start tells you how to continue without it");
                break;
            default:
                throw new InvalidOperationException($"Unknown verdict for {found}.");
        }
    }

    private void Judge(MemoryPolicy now)
    {
        var before = policy;
        policy = now;
        var hasEvicted = before is not null && before.RunId == now.RunId && now.Evicted > before.Evicted && (before.Evicts || now.Evicts);
        if (hasEvicted)
        {
            var damage = $"Redis has evicted {Counted.Of(now.Evicted - before!.Evicted, "key")} under maxmemory-policy "
                + $"{(now.Evicts ? now : before).Policy}, possibly including events";
            Write(known with { Damage = damage });
            Refuse(
                $"{damage}. {now.Refusal ?? "It no longer evicts keys"}. Then restore the data from a backup and start the node again. "
                + "If the data is lost for good, the start tells you how to continue without it");
        }
        else if (now.Refusal is { } evicts && before?.Refusal != evicts)
        {
            log.PolicyRefused(store.Name, evicts);
        }
        else if (before is not null && now.Warning is { } warning && before.Warning != warning)
        {
            log.PolicyWarning(store.Name, warning);
        }
    }

    private void Refuse(string why) => refusal.Stop($"The node stops because of {store.Name}: {why}");

    /// <summary>
    /// Raises the number of writes that Redis must hold from now on to the number it held <see cref="MayBeLost"/> ago.
    /// </summary>
    private void RecordWrites(long writes)
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
            log.RecordNotWritten(record.File, e.Message);
        }
    }
}
