using System.Diagnostics.CodeAnalysis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// Decides which of several events with one sequence number resurfaced, that is, belong to a failed write that Redis brought back after a
/// crash.
/// <para>
/// When redis-server 7 is killed while it writes a transaction to its append-only file, the beginning of the transaction stays in the
/// file, and the second start after that executes it. So resurfaced events are the beginning of one call of one writer and have one
/// timestamp. Their writer stored nothing after them, because an actor stops when a write fails. Acknowledged events with the same
/// numbers come from writers that started later.
/// </para>
/// </summary>
internal sealed class FailedWriteFinder
{
    private readonly Dictionary<string, WriterEvents> _writers = [];
    private readonly List<StoredEntry[]> _duplicates;
    private readonly long _counter;

    private FailedWriteFinder(IReadOnlyList<StoredEntry> entries, long counter)
    {
        _counter = counter;
        var numbers = entries.GroupBy(static entry => entry.Number).Select(static group => group.ToArray()).ToList();
        _duplicates = [.. numbers.Where(static events => events.Length > 1)];
        foreach (var events in numbers)
        {
            foreach (var entry in events)
            {
                if (!_writers.TryGetValue(entry.Writer, out var writer)) _writers[entry.Writer] = writer = new WriterEvents(counter);
                writer.Add(entry, isDuplicate: events.Length > 1);
            }
        }
    }

    /// <summary>Finds the events of failed writes.</summary>
    /// <param name="entries">
    /// Events in the order of their numbers: from the last one below the duplicate numbers to one far enough above them to show which
    /// writers continued.
    /// </param>
    /// <param name="counter">The stored highest sequence number.</param>
    /// <param name="failed">The events that were never acknowledged, in order. Empty if there are no duplicates.</param>
    /// <returns>False if the entries do not prove which events failed. Then nothing may be removed.</returns>
    public static bool TryFind(
        IReadOnlyList<StoredEntry> entries,
        long counter,
        [NotNullWhen(true)] out IReadOnlyList<StoredEntry>? failed)
    {
        failed = new FailedWriteFinder(entries, counter).FindFailed();
        return failed is not null;
    }

    private List<StoredEntry>? FindFailed()
    {
        if (_duplicates.Any(HasUnknownOrRepeatedWriter)) return null;

        var failed = new HashSet<StoredEntry>(ReferenceEqualityComparer.Instance);
        foreach (var writer in _writers.Values.Where(static writer => writer.CanHaveFailed))
        {
            if (Rivals(writer).Any(rival => rival.Writer.Replaced(writer, rival.Number))) failed.UnionWith(writer.LastCall);
        }

        return _duplicates.TrueForAll(IsDecided) ? [.. failed.OrderBy(static e => e.Number)] : null;

        // Above the counter, all events with a number may belong to failed writes.
        bool IsDecided(StoredEntry[] events)
        {
            var left = events.Count(e => !failed.Contains(e));
            return left == 1 || (left == 0 && events[0].Number > _counter);
        }
    }

    private static bool HasUnknownOrRepeatedWriter(StoredEntry[] events)
        => events.Any(static e => e.Writer.Length == 0) || events.DistinctBy(static e => e.Writer).Count() < events.Length;

    /// <summary>Other writers of numbers in a writer's last call, each with the lowest of these numbers.</summary>
    private IEnumerable<(WriterEvents Writer, long Number)> Rivals(WriterEvents writer)
        => _duplicates
            .Where(events => events.Any(writer.HasInLastCall))
            .SelectMany(events => events.Where(e => _writers[e.Writer] != writer))
            .DistinctBy(static e => e.Writer)
            .Select(e => (_writers[e.Writer], e.Number));

    /// <summary>The known events of one incarnation of the actor.</summary>
    private sealed class WriterEvents(long counter)
    {
        private readonly List<(StoredEntry Entry, bool IsDuplicate)> _events = [];

        /// <summary>The events with the last timestamp: all events of a call have the same one.</summary>
        public IEnumerable<StoredEntry> LastCall => _events.Select(static e => e.Entry).Where(HasInLastCall);

        /// <summary>Whether the last call consists of duplicates from its first event on.</summary>
        public bool CanHaveFailed => LastTime > 0 && _events.Find(e => HasInLastCall(e.Entry)).IsDuplicate;

        private long LastTime => Last.Timestamp;

        private StoredEntry Last => _events[^1].Entry;

        public void Add(StoredEntry entry, bool isDuplicate) => _events.Add((entry, isDuplicate));

        public bool HasInLastCall(StoredEntry entry) => entry.Writer == Last.Writer && entry.Timestamp == LastTime;

        /// <summary>Whether this writer certainly stored its events after the last call of the other one had failed.</summary>
        /// <param name="other">A writer whose last call has events with the same numbers.</param>
        /// <param name="number">The lowest of these numbers.</param>
        public bool Replaced(WriterEvents other, long number)
        {
            // A writer that started before the other one cannot have replaced it.
            var start = StartedBefore(number).CompareTo(other.StartedBefore(number));
            if (start > 0) return false;
            if (ContinuedAfter(number)) return true;

            // Each of these signs has exceptions (two actors with one id, a rejected write, a wrong clock), so one alone is not enough.
            var signs = Math.Sign(Standing(number) - other.Standing(number)) - start;
            return signs == 2 || (signs == 1 && LastTime > other.LastTime);
        }

        private bool StartedBefore(long number) => _events[0].Entry.Number < number;

        /// <summary>Whether the writer made another call later, which is impossible after a failed call.</summary>
        private bool ContinuedAfter(long number)
            => LastTime > 0 && _events.Exists(e => e.Entry.Number == number && e.Entry.Timestamp > 0 && !HasInLastCall(e.Entry));

        /// <summary>
        /// 1 if only this writer continues the stored history up to the counter, -1 if it exceeds the counter, which is written in one
        /// transaction with the events, 0 if neither or both.
        /// </summary>
        private int Standing(long number)
        {
            var continues = _events.Exists(e => !e.IsDuplicate && e.Entry.Number > number && e.Entry.Number <= counter);
            return (continues ? 1 : 0) - (Last.Number > counter ? 1 : 0);
        }
    }
}
