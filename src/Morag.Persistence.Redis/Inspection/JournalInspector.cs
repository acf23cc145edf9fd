using Akka.Actor;
using Akka.Configuration;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Query;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Inspection;

/// <summary>
/// Looks at what a journal has stored, entry by entry, for tools. It changes nothing, has a connection of its own, and goes on where
/// an entry cannot be read.
/// </summary>
public sealed class JournalInspector
{
    private const int EventsPerRead = 16;
    private const int MaxBytesPerPage = 4 * 1024 * 1024;
    private const int IdsAtATime = 64;

    private readonly ExtendedActorSystem _system;
    private readonly RedisConnection _connection;

    /// <summary>Prepares to read; connects at the first use, and closes with the actor system.</summary>
    /// <param name="system">The system whose serializers read the events.</param>
    /// <param name="journal">Id of the journal plugin.</param>
    /// <exception cref="ConfigurationException">There is no such journal, or its settings make no sense.</exception>
    public JournalInspector(ActorSystem system, string journal = RedisPersistence.JournalPluginId)
    {
        _system = (ExtendedActorSystem)system;
        _connection = new RedisConnection(RedisSettings.OfJournal(system, journal));
        system.RegisterOnTermination(_connection.Close);
    }

    /// <summary>A page of the persistence ids that have written. One that is there all the time is on a page; in rare cases on two.</summary>
    /// <param name="after"><see cref="InspectedIdPage.Next"/> of the page before; null for the first.</param>
    /// <param name="count">About how many ids.</param>
    /// <param name="cancellation">Cancels reading.</param>
    /// <exception cref="FormatException"><paramref name="after"/> is not what a page has given.</exception>
    public async Task<InspectedIdPage> ListIdsAsync(string? after, int count, CancellationToken cancellation = default)
    {
        var position = after is null ? PersistenceIdScan.Position.Start : PersistenceIdScan.Position.Parse(after);
        var open = await _connection.OpenAsync(cancellation).ConfigureAwait(false);
        var scan = await PersistenceIdScan.BeginAsync(open, cancellation).ConfigureAwait(false);
        var ids = new List<InspectedId>();
        while (true)
        {
            var page = await scan.ReadAsync(position, cancellation, keys: count).ConfigureAwait(false);
            ids.AddRange(await EachAsync(page.Ids, id => DescribeAsync(open, id), cancellation).ConfigureAwait(false));
            if (page.Next is not { } next) return new InspectedIdPage(ids, null);
            if (ids.Count >= count) return new InspectedIdPage(ids, next.ToString());
            position = next;
        }
    }

    /// <summary>Events of one persistence id, from a number on; null where the id has never written.</summary>
    /// <param name="persistenceId">The id.</param>
    /// <param name="from">The lowest number.</param>
    /// <param name="count">The most events; there are fewer on a page where they are large.</param>
    /// <param name="cancellation">Cancels reading.</param>
    /// <exception cref="ArgumentException">No actor can have this id.</exception>
    public async Task<InspectedEventPage?> ReadEventsAsync(string persistenceId, long from, int count, CancellationToken cancellation = default)
    {
        KeyLayout.CheckPersistenceId(persistenceId);
        var open = await _connection.OpenAsync(cancellation).ConfigureAwait(false);
        if (await HighestSequenceNr.ReadAsync(open, persistenceId).WaitAsync(cancellation).ConfigureAwait(false) == 0) return null;

        var events = new List<InspectedEvent>();
        for (var bytes = 0L; events.Count < count && bytes < MaxBytesPerPage;)
        {
            var size = Math.Min(EventsPerRead, count - events.Count);
            var entries = await open.Database
                .SortedSetRangeByScoreWithScoresAsync(open.Keys.Events(persistenceId), from, take: size, flags: CommandFlags.DemandMaster)
                .WaitAsync(cancellation)
                .ConfigureAwait(false);
            events.AddRange(entries.Select(Inspect));
            if (entries.Length < size) return new InspectedEventPage(events, null);
            from = events[^1].SequenceNr + 1;
            bytes += entries.Sum(static entry => entry.Element.Length());
        }

        return new InspectedEventPage(events, from);
    }

    /// <summary>What all ids take up. Looks at every key of the database.</summary>
    /// <param name="largest">How many of the largest ids to name.</param>
    /// <param name="cancellation">Cancels reading.</param>
    public async Task<JournalSizes> MeasureAsync(int largest, CancellationToken cancellation = default)
    {
        var open = await _connection.OpenAsync(cancellation).ConfigureAwait(false);
        var scan = await PersistenceIdScan.BeginAsync(open, cancellation).ConfigureAwait(false);
        var total = new JournalSizes(0, 0, 0, 0, 0, []);
        for (PersistenceIdScan.Position? position = PersistenceIdScan.Position.Start; position is { } here;)
        {
            var page = await scan.ReadAsync(here, cancellation).ConfigureAwait(false);
            var sizes = await EachAsync(page.Ids, id => MeasureAsync(open, id), cancellation).ConfigureAwait(false);
            total = new JournalSizes(
                total.Ids + sizes.Count,
                total.Events + sizes.Sum(static size => size.Events),
                total.EventBytes + sizes.Sum(static size => size.EventBytes),
                total.Snapshots + sizes.Sum(static size => size.Snapshots),
                total.SnapshotBytes + sizes.Sum(static size => size.SnapshotBytes),
                [.. total.Largest.Concat(sizes).OrderByDescending(static size => size.Bytes).Take(largest)]);
            position = page.Next;
        }

        return total;
    }

    /// <summary>Reads every event and every snapshot of one persistence id, and says what is wrong; null where the id has never written.</summary>
    /// <param name="persistenceId">The id.</param>
    /// <param name="cancellation">Cancels reading.</param>
    /// <exception cref="ArgumentException">No actor can have this id.</exception>
    public async Task<IReadOnlyList<JournalDefect>?> VerifyAsync(string persistenceId, CancellationToken cancellation = default)
    {
        KeyLayout.CheckPersistenceId(persistenceId);
        var open = await _connection.OpenAsync(cancellation).ConfigureAwait(false);
        return await new JournalVerification(_system, open, persistenceId).RunAsync(cancellation).ConfigureAwait(false);
    }

    private InspectedEvent Inspect(SortedSetEntry entry)
    {
        ReadOnlyMemory<byte> bytes = entry.Element;
        var inspected = new InspectedEvent { SequenceNr = (long)entry.Score, Size = bytes.Length };
        try
        {
            var header = StoredEventHeader.Read(bytes.Span);
            inspected = inspected with
            {
                WrittenAt = header.Timestamp > 0 ? new DateTimeOffset(header.Timestamp, TimeSpan.Zero) : null,
                Manifest = header.PayloadManifest,
                SerializerId = header.SerializerId,
                Writer = header.WriterGuid,
                Tags = header.Tags,
            };
            return inspected with { Event = StoredEvent.Decode(_system, bytes.Span).Payload };
        }
#pragma warning disable CA1031 // Whatever is wrong with an entry is what is asked for.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return inspected with { Unreadable = e.Message };
        }
    }

    private static async Task<InspectedId> DescribeAsync(OpenConnection open, string id)
    {
        var highest = HighestSequenceNr.ReadAsync(open, id);
        var events = open.Database.SortedSetLengthAsync(open.Keys.Events(id), flags: CommandFlags.DemandMaster);
        return new InspectedId(id, await highest.ConfigureAwait(false), await events.ConfigureAwait(false));
    }

    private static async Task<IdSize> MeasureAsync(OpenConnection open, string id)
    {
        var events = MeasureAsync(open, open.Keys.Events(id));
        var snapshots = MeasureAsync(open, open.Keys.Snapshots(id));
        var (eventCount, eventBytes) = await events.ConfigureAwait(false);
        var (snapshotCount, snapshotBytes) = await snapshots.ConfigureAwait(false);
        return new IdSize(id, eventCount, eventBytes, snapshotCount, snapshotBytes);
    }

    private static async Task<(long Count, long Bytes)> MeasureAsync(OpenConnection open, RedisKey key)
    {
        var count = open.Database.SortedSetLengthAsync(key, flags: CommandFlags.DemandMaster);
        var bytes = open.Database.ExecuteAsync("MEMORY", ["USAGE", key], CommandFlags.DemandMaster);
        return (await count.ConfigureAwait(false), (long?)await bytes.ConfigureAwait(false) ?? 0);
    }

    private static async Task<List<T>> EachAsync<T>(IReadOnlyList<string> ids, Func<string, Task<T>> read, CancellationToken cancellation)
    {
        var all = new List<T>(ids.Count);
        foreach (var some in ids.Chunk(IdsAtATime))
            all.AddRange(await Task.WhenAll(some.Select(read)).WaitAsync(cancellation).ConfigureAwait(false));
        return all;
    }
}
