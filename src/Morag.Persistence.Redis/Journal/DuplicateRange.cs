using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>Collects the events around duplicate sequence numbers. Keeps only the bytes that may have to be removed.</summary>
internal sealed class DuplicateRange
{
    private readonly HashSet<(string Writer, long Timestamp)> _calls = [];

    public List<StoredEntry> Entries { get; } = [];

    /// <summary>Number of events at the end that neither are duplicates nor belong to the call of one.</summary>
    public int UnrelatedAtEnd { get; private set; }

    /// <summary>Adds events in order. All events with one number must be added together.</summary>
    public void Add(ReadOnlySpan<SortedSetEntry> events)
    {
        while (!events.IsEmpty)
        {
            var count = 1;
            while (count < events.Length && events[count].Score == events[0].Score) count++;
            foreach (var entry in events[..count])
                Add(StoredEntry.Read(entry), isDuplicate: count > 1);
            events = events[count..];
        }
    }

    private void Add(StoredEntry entry, bool isDuplicate)
    {
        var call = (entry.Writer, entry.Timestamp);
        if (isDuplicate) _calls.Add(call);
        var isRelated = _calls.Contains(call);
        UnrelatedAtEnd = isRelated ? 0 : UnrelatedAtEnd + 1;
        Entries.Add(isRelated ? entry : entry with { Bytes = RedisValue.Null });
    }
}
