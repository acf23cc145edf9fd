using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>Collects the events around disputed numbers. Keeps the bytes only of those that may have to be removed.</summary>
internal sealed class DuplicateRange
{
    private readonly HashSet<(string Writer, long Timestamp)> _calls = [];

    public List<StoredEntry> Entries { get; } = [];

    /// <summary>How many events at the end are neither disputed nor of the same call as a disputed one.</summary>
    public int Undisputed { get; private set; }

    /// <summary>Adds events in order. All events of one number have to come together.</summary>
    public void Add(ReadOnlySpan<SortedSetEntry> events)
    {
        while (!events.IsEmpty)
        {
            var count = 1;
            while (count < events.Length && events[count].Score == events[0].Score) count++;
            foreach (var entry in events[..count])
                Add(StoredEntry.Read(entry), isDisputed: count > 1);
            events = events[count..];
        }
    }

    private void Add(StoredEntry entry, bool isDisputed)
    {
        var call = (entry.Writer, entry.Timestamp);
        if (isDisputed) _calls.Add(call);
        var isRelated = _calls.Contains(call);
        Undisputed = isRelated ? 0 : Undisputed + 1;
        Entries.Add(isRelated ? entry : entry with { Bytes = RedisValue.Null });
    }
}
