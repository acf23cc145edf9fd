using System.Globalization;
using Akka.Actor;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Layout;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Inspection;

/// <summary>Verifies everything that is stored for one persistence id. Events may be written or deleted while it runs.</summary>
internal sealed class JournalVerification(ExtendedActorSystem system, OpenConnection open, string persistenceId)
{
    private const int EventsPerRead = 100;

    private readonly RedisKey _events = open.Keys.Events(persistenceId);
    private readonly List<JournalDefect> _defects = [];

    /// <summary>Returns the defects, or null if nothing was ever written under the id.</summary>
    public async Task<IReadOnlyList<JournalDefect>?> RunAsync(CancellationToken cancellation)
    {
        try
        {
            var highest = await HighestSequenceNr.ReadAsync(open, persistenceId).WaitAsync(cancellation).ConfigureAwait(false);
            if (highest == 0) return null;
            await VerifyEventsAsync(highest, cancellation).ConfigureAwait(false);
            await VerifySnapshotsAsync(cancellation).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (e.Message.Contains("WRONGTYPE", StringComparison.Ordinal))
        {
            Add(_events, null, DefectKind.Unreadable, e.Message);
        }

        return _defects;
    }

    private async Task VerifyEventsAsync(long highest, CancellationToken cancellation)
    {
        long last = 0;
        var withLast = 0;
        var previous = default(SortedSetEntry);
        for (long rank = 0; ;)
        {
            // Starts at the last number, which several events may have, and skips those of them that were read.
            var page = await open.Database
                .SortedSetRangeByScoreWithScoresAsync(
                    _events, last, highest, skip: withLast, take: EventsPerRead, flags: CommandFlags.DemandMaster)
                .WaitAsync(cancellation)
                .ConfigureAwait(false);
            foreach (var entry in page)
            {
                var number = (long)entry.Score;
                if (number == last) AddDuplicate(previous, entry, rank);
                else if (last > 0) await VerifyNoGapAsync(last, number).ConfigureAwait(false);
                withLast = number == last ? withLast + 1 : 1;
                last = number;
                previous = entry;
                rank++;
                VerifyEvent(entry);
            }

            if (page.Length < EventsPerRead) break;
        }

        if (last > 0) await VerifyNoGapAsync(last, highest + 1).ConfigureAwait(false);
        await VerifyCounterAsync(last).ConfigureAwait(false);
    }

    private async Task VerifyCounterAsync(long last)
    {
        var key = open.Keys.Counter(persistenceId);
        var counted = await open.Database.StringGetAsync(key, CommandFlags.DemandMaster).ConfigureAwait(false);
        if (counted.TryParse(out long counter) && counter >= last) return;
        Add(
            key,
            last,
            DefectKind.HighestBehind,
            $"the highest sequence number is {(counted.IsNull ? "missing" : counted)}, but the last event is {last}: a crash or a "
            + "truncated log has kept the event but not the number. No event is missing, and the next write corrects the number");
    }

    private void AddDuplicate(SortedSetEntry one, SortedSetEntry other, long rank)
    {
        var number = (long)other.Score;
        Add(
            _events,
            number,
            DefectKind.Duplicate,
            $"number {number} has more than one event: {Describe(one, rank - 1)}; {Describe(other, rank)}");
    }

    private static string Describe(SortedSetEntry entry, long rank)
    {
        var stored = StoredEntry.Read(entry);
        var writer = stored.Writer.Length > 0 ? stored.Writer : "unknown";
        var time = stored.Timestamp > 0 ? $"{new DateTime(stored.Timestamp, DateTimeKind.Utc):O}" : "unknown";
        return string.Create(CultureInfo.InvariantCulture, $"rank {rank}, writer {writer}, time {time}");
    }

    private async Task VerifyNoGapAsync(long before, long after)
    {
        if (after <= before + 1) return;
        // Deletion starts at the first event, and may have reached these since they were read.
        var first = await open.Database
            .SortedSetRangeByRankWithScoresAsync(_events, 0, 0, flags: CommandFlags.DemandMaster)
            .ConfigureAwait(false);
        if (first.Length == 0 || first[0].Score > before) return;
        var missing = after == before + 2 ? $"number {before + 1} has" : $"numbers {before + 1} to {after - 1} have";
        Add(_events, before + 1, DefectKind.Gap, $"{missing} no event: a write was rejected, or events were lost");
    }

    private void VerifyEvent(SortedSetEntry entry)
    {
        var number = (long)entry.Score;
        try
        {
            var stored = StoredEvent.Decode(system, ((ReadOnlyMemory<byte>)entry.Element).Span);
            if (stored.SequenceNr != entry.Score)
            {
                var detail = string.Create(
                    CultureInfo.InvariantCulture, $"the event is stored as number {entry.Score}, but contains number {stored.SequenceNr}");
                Add(_events, number, DefectKind.WrongSequence, detail);
            }

            if (stored.PersistenceId != persistenceId)
                Add(_events, number, DefectKind.WrongPersistenceId, $"the event contains the persistence id \"{stored.PersistenceId}\"");
        }
#pragma warning disable CA1031 // A defect reports any failure to read the entry.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Add(_events, number, DefectKind.Unreadable, e.Message);
        }
    }

    private async Task VerifySnapshotsAsync(CancellationToken cancellation)
    {
        var key = open.Keys.Snapshots(persistenceId);
        for (var rank = 0; ; rank++)
        {
            // One at a time, because a snapshot may be large.
            var read = await open.Database
                .SortedSetRangeByRankWithScoresAsync(key, rank, rank, flags: CommandFlags.DemandMaster)
                .WaitAsync(cancellation)
                .ConfigureAwait(false);
            if (read.Length == 0) return;
            var number = (long)read[0].Score;
            try
            {
                var stored = StoredSnapshot.Decode(system, ((ReadOnlyMemory<byte>)read[0].Element).Span);
                if (stored.Metadata.SequenceNr != number)
                {
                    Add(
                        key,
                        number,
                        DefectKind.WrongSequence,
                        $"the snapshot is stored as number {number}, but contains number {stored.Metadata.SequenceNr}");
                }
            }
#pragma warning disable CA1031 // A defect reports any failure to read the entry.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Add(key, number, DefectKind.Unreadable, $"the snapshot cannot be read: {e.Message}");
            }
        }
    }

    private void Add(RedisKey key, long? sequenceNr, DefectKind kind, string detail)
        => _defects.Add(new JournalDefect(persistenceId, key.ToString(), sequenceNr, kind, detail));
}
