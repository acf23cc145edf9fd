using System.Diagnostics.CodeAnalysis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// Decides which of several events with one sequence number belong to a failed write that Redis brought back after a crash.
/// <para>
/// redis-server 7 that is killed while it writes a transaction to its append-only file leaves the beginning of it in the file, and the
/// start after the next one runs it. So the events that come back are the beginning of one call of one writer, with one time. The writer
/// has stored nothing after them, because an actor stops when a write fails. Whatever was acknowledged under their numbers comes from
/// writers that began to write later.
/// </para>
/// </summary>
internal sealed class FailedWriteFinder
{
    private readonly Dictionary<string, Writer> _writers = [];
    private readonly List<StoredEntry[]> _disputes;
    private readonly long _counter;

    private FailedWriteFinder(IReadOnlyList<StoredEntry> entries, long counter)
    {
        _counter = counter;
        var numbers = entries.GroupBy(static entry => entry.Number).Select(static group => group.ToArray()).ToList();
        _disputes = [.. numbers.Where(static events => events.Length > 1)];
        foreach (var events in numbers)
        {
            foreach (var entry in events)
            {
                if (!_writers.TryGetValue(entry.Writer, out var writer)) _writers[entry.Writer] = writer = new Writer(counter);
                writer.Add(entry, isDisputed: events.Length > 1);
            }
        }
    }

    /// <summary>Finds the events of failed writes.</summary>
    /// <param name="entries">
    /// Events in the order of their numbers: from the last one below the disputed numbers to one far enough above them to tell which
    /// writers went on.
    /// </param>
    /// <param name="counter">The stored highest number.</param>
    /// <param name="failed">The events that were never acknowledged, in order; empty if no number is disputed.</param>
    /// <returns>False if the entries do not tell. Then nothing may be removed.</returns>
    public static bool TryFindFailed(
        IReadOnlyList<StoredEntry> entries,
        long counter,
        [NotNullWhen(true)] out IReadOnlyList<StoredEntry>? failed)
    {
        failed = new FailedWriteFinder(entries, counter).FindFailed();
        return failed is not null;
    }

    private List<StoredEntry>? FindFailed()
    {
        if (_disputes.Any(static events => events.Any(static e => e.Writer.Length == 0) || events.DistinctBy(static e => e.Writer).Count() < events.Length))
            return null;

        var failed = new HashSet<StoredEntry>(ReferenceEqualityComparer.Instance);
        foreach (var writer in _writers.Values.Where(static writer => writer.CanHaveFailed))
        {
            if (Rivals(writer).Any(rival => rival.Writer.Replaced(writer, rival.Number))) failed.UnionWith(writer.LastCall);
        }

        return _disputes.TrueForAll(IsDecided) ? [.. failed.OrderBy(static e => e.Number)] : null;

        // Above the counter several failed writes may have been the only ones.
        bool IsDecided(StoredEntry[] events) => events.Count(e => !failed.Contains(e)) is var left && (left == 1 || (left == 0 && events[0].Number > _counter));
    }

    /// <summary>Others that have events with the numbers of a writer's last call, and the lowest of these numbers.</summary>
    private IEnumerable<(Writer Writer, long Number)> Rivals(Writer writer)
        => _disputes
            .Where(events => events.Any(writer.HasInLastCall))
            .SelectMany(events => events.Where(e => _writers[e.Writer] != writer))
            .DistinctBy(static e => e.Writer)
            .Select(e => (_writers[e.Writer], e.Number));

    /// <summary>What is known of one incarnation of the actor.</summary>
    private sealed class Writer(long counter)
    {
        private readonly List<(StoredEntry Entry, bool IsDisputed)> _events = [];

        /// <summary>Events of one call have one time.</summary>
        public IEnumerable<StoredEntry> LastCall => _events.Select(static e => e.Entry).Where(HasInLastCall);

        /// <summary>Whether its last call was disputed from the first event on.</summary>
        public bool CanHaveFailed => LastTime > 0 && _events.Find(e => HasInLastCall(e.Entry)).IsDisputed;

        private long LastTime => Last.Timestamp;

        private StoredEntry Last => _events[^1].Entry;

        public void Add(StoredEntry entry, bool isDisputed) => _events.Add((entry, isDisputed));

        public bool HasInLastCall(StoredEntry entry) => entry.Writer == Last.Writer && entry.Timestamp == LastTime;

        /// <summary>Whether this writer certainly stored its events after the last call of the other one had failed.</summary>
        /// <param name="other">A writer whose last call has events with the same numbers.</param>
        /// <param name="number">The lowest of these numbers.</param>
        public bool Replaced(Writer other, long number)
        {
            // Who was there before the other cannot have come after it.
            var start = BeganBefore(number).CompareTo(other.BeganBefore(number));
            if (start > 0) return false;
            if (WroteOnAfter(number)) return true;

            // Each of these signs has an exception (two actors with one id, a rejected write, a clock that is wrong), so it takes two.
            var signs = Math.Sign(Standing(number) - other.Standing(number)) - start;
            return signs == 2 || (signs == 1 && LastTime > other.LastTime);
        }

        private bool BeganBefore(long number) => _events[0].Entry.Number < number;

        /// <summary>Whether it made another call later, which it cannot have done after a call that failed.</summary>
        private bool WroteOnAfter(long number)
            => LastTime > 0 && _events.Exists(e => e.Entry.Number == number && e.Entry.Timestamp > 0 && !HasInLastCall(e.Entry));

        /// <summary>
        /// 1 if the stored history up to the counter goes on with this writer alone, -1 if it goes beyond the counter, which is written in
        /// one transaction with the events; 0 if neither or both.
        /// </summary>
        private int Standing(long number)
        {
            var goesOn = _events.Exists(e => !e.IsDisputed && e.Entry.Number > number && e.Entry.Number <= counter);
            return (goesOn ? 1 : 0) - (Last.Number > counter ? 1 : 0);
        }
    }
}
