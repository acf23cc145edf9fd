using System.Globalization;
using Akka.Actor;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Layout;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Inspection;

/// <summary>One look at everything that is stored of one persistence id. It may be written to meanwhile.</summary>
internal sealed class JournalVerification(ExtendedActorSystem system, OpenConnection open, string persistenceId)
{
    private const int EventsPerRead = 100;

    private readonly RedisKey _events = open.Keys.Events(persistenceId);
    private readonly List<JournalDefect> _defects = [];

    /// <summary>Null where the id has never written.</summary>
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
            // From the last number on, without those that were seen: several may have it.
            var page = await open.Database
                .SortedSetRangeByScoreWithScoresAsync(_events, last, highest, skip: withLast, take: EventsPerRead, flags: CommandFlags.DemandMaster)
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
        var counted = await open.Database.StringGetAsync(open.Keys.Counter(persistenceId), CommandFlags.DemandMaster).ConfigureAwait(false);
        if (!counted.TryParse(out long counter) || counter < last)
            Add(
                open.Keys.Counter(persistenceId),
                last,
                DefectKind.HighestBehind,
                $"the highest number is {(counted.IsNull ? "missing" : counted)}, but the last event is {last}: the last write was cut between the two, by a crash or at the end of a log. No event is missing, and the next write corrects the number");
    }

    private void AddDuplicate(SortedSetEntry one, SortedSetEntry other, long rank)
    {
        var number = (long)other.Score;
        Add(_events, number, DefectKind.Duplicate, $"number {number} has more than one event: {Describe(one, rank - 1)}; {Describe(other, rank)}");
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
        // Deleting removes events from the first on, also while they are read here.
        var first = await open.Database.SortedSetRangeByRankWithScoresAsync(_events, 0, 0, flags: CommandFlags.DemandMaster).ConfigureAwait(false);
        if (first.Length == 0 || first[0].Score > before) return;
        var missing = after == before + 2 ? $"number {before + 1} has" : $"the numbers {before + 1} to {after - 1} have";
        Add(_events, before + 1, DefectKind.Gap, $"{missing} no event: a write was rejected, or events were lost");
    }

    private void VerifyEvent(SortedSetEntry entry)
    {
        var number = (long)entry.Score;
        try
        {
            var stored = StoredEvent.Decode(system, ((ReadOnlyMemory<byte>)entry.Element).Span);
            if (stored.SequenceNr != entry.Score)
                Add(_events, number, DefectKind.WrongSequence, string.Create(CultureInfo.InvariantCulture, $"stored under {entry.Score}, but it says that it is number {stored.SequenceNr}"));
            if (stored.PersistenceId != persistenceId)
                Add(_events, number, DefectKind.WrongPersistenceId, $"it says that it belongs to \"{stored.PersistenceId}\"");
        }
#pragma warning disable CA1031 // Whatever is wrong with an entry is what is asked for.
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
            // One at a time: each may be large.
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
                    Add(key, number, DefectKind.WrongSequence, $"the snapshot says that it is number {stored.Metadata.SequenceNr}");
            }
#pragma warning disable CA1031 // Whatever is wrong with an entry is what is asked for.
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
