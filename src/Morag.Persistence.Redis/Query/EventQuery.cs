using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence.Journal;
using Akka.Persistence.Query;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Layout;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Query;

/// <summary>Reads the events of one persistence id, page by page on demand.</summary>
internal sealed class EventQuery(
    ExtendedActorSystem system,
    RedisConnection connection,
    EventAdapters adapters,
    ReadJournalSettings settings)
{
    private const int FirstPageSize = 16;

    /// <summary>Returns the events that are stored when the query starts.</summary>
    public async IAsyncEnumerable<EventEnvelope> ReadCurrentAsync(
        string persistenceId,
        long from,
        long to,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        // The client would swap the bounds.
        if (from > to) yield break;
        var page = await ReadPageAsync(persistenceId, from, to, FirstSize, cancellation).ConfigureAwait(false);
        to = Math.Min(to, page.Highest);
        while (true)
        {
            foreach (var entry in page.Entries.TakeWhile(entry => entry.Score <= to))
            {
                foreach (var envelope in Decode(page.Key, entry)) yield return envelope;
            }

            if (page.IsCaughtUp || page.Next > to) yield break;
            page = await ReadPageAsync(persistenceId, page.Next, to, NextSize(page), cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Returns the stored events, and then new events as they are written.</summary>
    public async IAsyncEnumerable<EventEnvelope> ReadLiveAsync(
        string persistenceId,
        long from,
        long to,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var outage = new Outage(system.Log, $"for the events of \"{persistenceId}\"");
        var size = FirstSize;
        for (long seen = 0; from <= to;)
        {
            EventPage page;
            try
            {
                page = await ReadPageAsync(persistenceId, from, to, size, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (Outage.IsTransient(e))
            {
                outage.Begin(e);
                await Task.Delay(settings.RefreshInterval, cancellation).ConfigureAwait(false);
                continue;
            }

            outage.End();
            if (page.Highest < seen) throw new JournalRewoundException(persistenceId, seen, page.Highest);
            seen = page.Highest;

            foreach (var entry in page.Entries)
            {
                foreach (var envelope in Decode(page.Key, entry)) yield return envelope;
            }

            from = page.Next;
            size = NextSize(page);
            if (page.IsCaughtUp && from <= to) await Task.Delay(settings.RefreshInterval, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<EventPage> ReadPageAsync(string persistenceId, long from, long to, int size, CancellationToken cancellation)
    {
        var open = await connection.OpenAsync(cancellation).ConfigureAwait(false);
        var key = open.Keys.Events(persistenceId);
        var readingHighest = HighestSequenceNr.ReadAsync(open, persistenceId);
        var readingRange = ReadRangeAsync();
        await Task.WhenAll(readingHighest, readingRange).WaitAsync(cancellation).ConfigureAwait(false);
        var highest = await readingHighest.ConfigureAwait(false);
        var entries = await readingRange.ConfigureAwait(false);

        // If Redis did not know the script, the highest number was read after the range, and missing events may have been written in
        // between. Numbers that are also missing from a range read later have no event.
        var last = entries.Length == 0 ? from - 1 : (long)entries[^1].Score;
        if (entries.Length < size && last < Math.Min(highest, to))
            entries = await ReadRangeAsync().WaitAsync(cancellation).ConfigureAwait(false);
        return new EventPage(key, entries, highest, from, size);

        Task<SortedSetEntry[]> ReadRangeAsync()
            => open.ExecuteAsync(redis => redis.SortedSetRangeByScoreWithScoresAsync(
                key, from, to, take: size, flags: CommandFlags.DemandMaster));
    }

    private IEnumerable<EventEnvelope> Decode(RedisKey key, SortedSetEntry entry)
    {
        ReadOnlyMemory<byte> bytes = entry.Element;
        try
        {
            var stored = StoredEvent.Decode(system, bytes.Span);
            // Replay omits these events too.
            if (stored.IsDeleted) return [];
            string[] tags = [.. StoredEventHeader.Read(bytes.Span).Tags];
            return [.. adapters.Get(stored.Payload.GetType())
                .FromJournal(stored.Payload, stored.Manifest)
                .Events
                .Select(e => new EventEnvelope(
                    new Sequence(stored.SequenceNr), stored.PersistenceId, stored.SequenceNr, e, stored.Timestamp, tags))];
        }
        catch (Exception e)
        {
            throw UnreadableEntry.Event(key, entry.Score, e);
        }
    }

    private int FirstSize => settings.Buffer.InitialSize(FirstPageSize);

    private int NextSize(EventPage page) => page.Entries.Length == 0 ? FirstSize : settings.Buffer.NextSize(page.Entries);

    /// <summary>A page of events in the order of their sequence numbers.</summary>
    private sealed record EventPage(RedisKey Key, SortedSetEntry[] Entries, long Highest, long From, int Size)
    {
        /// <summary>The highest stored number, as far as known.</summary>
        public long Highest { get; } = Entries.Length == 0 ? Highest : Math.Max(Highest, (long)Entries[^1].Score);

        /// <summary>Whether there were no more events to read.</summary>
        public bool IsCaughtUp => Entries.Length < Size;

        /// <summary>Where the next page begins. Missing numbers below a stored one were rejected or deleted.</summary>
        public long Next => Math.Max(From, (IsCaughtUp ? Highest : (long)Entries[^1].Score) + 1);
    }
}
