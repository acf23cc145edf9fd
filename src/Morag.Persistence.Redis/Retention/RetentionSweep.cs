using Akka.Actor;
using Akka.Event;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Query;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Retention;

/// <summary>Scans all persistence ids once, and removes the entries of those that ended long enough ago.</summary>
internal sealed class RetentionSweep(ActorSystem system, RedisConnection connection, RetentionSettings settings)
{
    // The last event of an id may have many megabytes.
    private const int ConcurrentIds = 16;

    private static readonly RedisScript RetireScript = RedisScript.Load("retire");

    private readonly ILoggingAdapter _log = Logging.GetLogger(system, typeof(RetentionSweep));

    /// <summary>Sweeps, unless another journal on this database has swept within the interval.</summary>
    /// <returns>The number of ids whose entries were removed.</returns>
    public async Task<int> RunAsync()
    {
        var open = await connection.OpenAsync(CancellationToken.None).ConfigureAwait(false);
        var isMyTurn = await open.Database
            .StringSetAsync(open.Keys.RetentionTurn, open.Multiplexer.ClientName, settings.Interval, When.NotExists)
            .ConfigureAwait(false);
        if (!isMyTurn) return 0;

        var oldest = system.Scheduler.Now - settings.After;
        var retired = 0;
        var scan = await PersistenceIdScan.BeginAsync(open, CancellationToken.None).ConfigureAwait(false);
        for (PersistenceIdScan.Position? position = PersistenceIdScan.Position.Start; position is { } here;)
        {
            var page = await scan.ReadAsync(here, CancellationToken.None).ConfigureAwait(false);
            foreach (var ids in page.Ids.Chunk(ConcurrentIds))
            {
                var each = await Task.WhenAll(ids.Select(id => RetireAsync(open, id, oldest.UtcTicks))).ConfigureAwait(false);
                retired += each.Count(static removed => removed);
            }

            position = page.Next;
        }

        return retired;
    }

    private async Task<bool> RetireAsync(OpenConnection open, string persistenceId, long oldest)
    {
        var events = open.Keys.Events(persistenceId);
        try
        {
            var last = await open.Database
                .SortedSetRangeByRankWithScoresAsync(events, 0, 0, Order.Descending, CommandFlags.DemandMaster)
                .ConfigureAwait(false);
            if (last.Length == 0 || !HasEnded(last[0], oldest)) return false;

            var number = (long)last[0].Score;
            var removed = await RetireScript
                .RunAsync(open, [events, open.Keys.Counter(persistenceId), open.Keys.Snapshots(persistenceId)], [number, number + 1])
                .ConfigureAwait(false);
            return (long)removed == 1;
        }
        catch (Exception e) when (e is FormatException || IsWrongType(e))
        {
            _log.Warning("Retention skips the key \"{0}\", because it cannot be read: {1}", events, e.Message);
            return false;
        }
    }

    private static bool IsWrongType(Exception e)
        => e is RedisServerException && e.Message.Contains("WRONGTYPE", StringComparison.Ordinal);

    private bool HasEnded(SortedSetEntry last, long oldest)
    {
        var header = StoredEventHeader.Read(((ReadOnlyMemory<byte>)last.Element).Span);
        return header.SequenceNr == (long)last.Score
            && header.Timestamp > 0
            && header.Timestamp <= oldest
            && (settings.EndedBy.Contains(header.PayloadManifest)
                || settings.EndedBy.Contains(header.Manifest)
                || header.Tags.Any(settings.EndedBy.Contains));
    }
}
