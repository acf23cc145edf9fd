using System.Runtime.CompilerServices;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence.Journal;
using Akka.Persistence.Query;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Layout;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Query;

/// <summary>Reads the events of one persistence id, page by page as they are asked for.</summary>
internal sealed class EventQuery(
    ExtendedActorSystem system,
    RedisConnection connection,
    EventAdapters adapters,
    ReadJournalSettings settings)
{
    private const int FirstPageSize = 16;

    /// <summary>What is stored when the query starts.</summary>
    public async IAsyncEnumerable<EventEnvelope> CurrentAsync(
        string persistenceId,
        long from,
        long to,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        // The client would take the bounds the other way round.
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

    /// <summary>What is stored, and what is written from then on.</summary>
    public async IAsyncEnumerable<EventEnvelope> LiveAsync(
        string persistenceId,
        long from,
        long to,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var outage = new Outage(system.Log, $"of the events of \"{persistenceId}\"");
        var size = FirstSize;
        for (long seen = 0; from <= to;)
        {
            Page page;
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

    private async Task<Page> ReadPageAsync(string persistenceId, long from, long to, int size, CancellationToken cancellation)
    {
        var open = await connection.OpenAsync(cancellation).ConfigureAwait(false);
        var key = open.Keys.Events(persistenceId);
        var asked = HighestSequenceNr.ReadAsync(open, persistenceId);
        var reading = ReadRangeAsync();
        await Task.WhenAll(asked, reading).WaitAsync(cancellation).ConfigureAwait(false);
        var highest = await asked.ConfigureAwait(false);
        var entries = await reading.ConfigureAwait(false);

        // Where Redis did not know the script for the highest number, it has answered that after the range, and what is missing
        // may have been written in between. Once it is missing from a range that was read later, it will never be there.
        var last = entries.Length == 0 ? from - 1 : (long)entries[^1].Score;
        if (entries.Length < size && last < Math.Min(highest, to))
            entries = await ReadRangeAsync().WaitAsync(cancellation).ConfigureAwait(false);
        return new Page(key, entries, highest, from, size);

        Task<SortedSetEntry[]> ReadRangeAsync()
            => open.AskAsync(redis => redis.SortedSetRangeByScoreWithScoresAsync(key, from, to, take: size, flags: CommandFlags.DemandMaster));
    }

    private IEnumerable<EventEnvelope> Decode(RedisKey key, SortedSetEntry entry)
    {
        ReadOnlyMemory<byte> bytes = entry.Element;
        try
        {
            var stored = StoredEvent.Decode(system, bytes.Span);
            // As the journal does when it replays.
            if (stored.IsDeleted) return [];
            string[] tags = [.. StoredEventHeader.Read(bytes.Span).Tags];
            return [.. adapters.Get(stored.Payload.GetType())
                .FromJournal(stored.Payload, stored.Manifest)
                .Events
                .Select(e => new EventEnvelope(new Sequence(stored.SequenceNr), stored.PersistenceId, stored.SequenceNr, e, stored.Timestamp, tags))];
        }
        catch (Exception e)
        {
            throw new SerializationException($"The event with sequence number {entry.Score} in the key \"{key}\" cannot be read: {e.Message}", e);
        }
    }

    private int FirstSize => settings.Buffer.First(FirstPageSize);

    private int NextSize(Page page) => page.Entries.Length == 0 ? FirstSize : settings.Buffer.After(page.Entries);

    /// <summary>Some events of one persistence id, in order.</summary>
    private sealed record Page(RedisKey Key, SortedSetEntry[] Entries, long Highest, long From, int Size)
    {
        /// <summary>The highest number that is known to be stored.</summary>
        public long Highest { get; } = Entries.Length == 0 ? Highest : Math.Max(Highest, (long)Entries[^1].Score);

        /// <summary>Whether nothing more was there to be read.</summary>
        public bool IsCaughtUp => Entries.Length < Size;

        /// <summary>Where to read on. Numbers that are not there when a higher one is were rejected or deleted.</summary>
        public long Next => Math.Max(From, (IsCaughtUp ? Highest : (long)Entries[^1].Score) + 1);
    }
}
