using Akka.Actor;
using Akka.Configuration;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Query;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Inspection;

/// <summary>
/// Reads the stored data of a journal for tools, over its own connection and without changing anything. Unreadable entries are reported
/// and do not stop it.
/// </summary>
public sealed class JournalInspector
{
    private const int EventsPerRead = 16;
    private const int MaxBytesPerPage = 4 * 1024 * 1024;
    private const int IdsAtATime = 64;

    private readonly ExtendedActorSystem _system;
    private readonly RedisConnection _connection;

    /// <summary>Creates an inspector. It connects at its first use, and disconnects when the actor system terminates.</summary>
    /// <param name="system">The actor system whose serializers read the events.</param>
    /// <param name="journal">Id of the journal plugin.</param>
    /// <exception cref="ConfigurationException">There is no such journal, or one of its settings is missing or out of range.</exception>
    public JournalInspector(ActorSystem system, string journal = RedisPersistence.JournalPluginId)
    {
        _system = (ExtendedActorSystem)system;
        _connection = new RedisConnection(RedisSettings.ReadJournal(system, journal));
        system.RegisterOnTermination(_connection.Close);
    }

    /// <summary>
    /// Reads a page of the persistence ids under which events have been written. An id that exists throughout the listing appears on one
    /// page, in rare cases on two.
    /// </summary>
    /// <param name="after"><see cref="InspectedIdPage.Next"/> of the previous page, or null for the first page.</param>
    /// <param name="count">Approximate number of ids.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="FormatException"><paramref name="after"/> is not the position of a page.</exception>
    /// <exception cref="RedisException">Redis cannot be reached.</exception>
    public async Task<InspectedIdPage> ListIdsAsync(string? after, int count, CancellationToken cancellation = default)
    {
        var position = after is null ? PersistenceIdScan.Position.Start : PersistenceIdScan.Position.Parse(after);
        var open = await _connection.OpenAsync(cancellation).ConfigureAwait(false);
        var scan = await PersistenceIdScan.BeginAsync(open, cancellation).ConfigureAwait(false);
        var ids = new List<InspectedId>();
        while (true)
        {
            var page = await scan.ReadAsync(position, cancellation, keys: count).ConfigureAwait(false);
            ids.AddRange(await ReadEachAsync(page.Ids, id => DescribeAsync(open, id), cancellation).ConfigureAwait(false));
            if (page.Next is not { } next) return new InspectedIdPage(ids, null);
            if (ids.Count >= count) return new InspectedIdPage(ids, next.ToString());
            position = next;
        }
    }

    /// <summary>Reads a page of the events of a persistence id. Returns null if nothing was ever written under the id.</summary>
    /// <param name="persistenceId">The persistence id.</param>
    /// <param name="from">Lowest sequence number of the page.</param>
    /// <param name="count">Maximum number of events. A page of large events has fewer.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="ArgumentException">The journal does not accept this persistence id.</exception>
    /// <exception cref="RedisException">Redis cannot be reached.</exception>
    public async Task<InspectedEventPage?> ReadEventsAsync(
        string persistenceId, long from, int count, CancellationToken cancellation = default)
    {
        KeyLayout.ValidatePersistenceId(persistenceId);
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

    /// <summary>Measures the storage used by all persistence ids. Scans every key of the database.</summary>
    /// <param name="largest">Number of entries in <see cref="JournalSizes.Largest"/>.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="RedisException">Redis cannot be reached.</exception>
    public async Task<JournalSizes> MeasureAsync(int largest, CancellationToken cancellation = default)
    {
        var open = await _connection.OpenAsync(cancellation).ConfigureAwait(false);
        var scan = await PersistenceIdScan.BeginAsync(open, cancellation).ConfigureAwait(false);
        var total = new JournalSizes(0, 0, 0, 0, 0, []);
        for (PersistenceIdScan.Position? position = PersistenceIdScan.Position.Start; position is { } here;)
        {
            var page = await scan.ReadAsync(here, cancellation).ConfigureAwait(false);
            var sizes = await ReadEachAsync(page.Ids, id => MeasureAsync(open, id), cancellation).ConfigureAwait(false);
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

    /// <summary>
    /// Reads every event and every snapshot of a persistence id, and returns the defects that it finds. Returns null if nothing was ever
    /// written under the id.
    /// </summary>
    /// <param name="persistenceId">The persistence id.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="ArgumentException">The journal does not accept this persistence id.</exception>
    /// <exception cref="RedisException">Redis cannot be reached.</exception>
    public async Task<IReadOnlyList<JournalDefect>?> VerifyAsync(string persistenceId, CancellationToken cancellation = default)
    {
        KeyLayout.ValidatePersistenceId(persistenceId);
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
#pragma warning disable CA1031 // The result reports any failure to read the entry.
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

    private static async Task<List<T>> ReadEachAsync<T>(
        IReadOnlyList<string> ids, Func<string, Task<T>> read, CancellationToken cancellation)
    {
        var all = new List<T>(ids.Count);
        foreach (var some in ids.Chunk(IdsAtATime))
            all.AddRange(await Task.WhenAll(some.Select(read)).WaitAsync(cancellation).ConfigureAwait(false));
        return all;
    }
}
