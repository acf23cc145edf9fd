using CsCheck;
using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Tests.Conformance;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>Decisions about which of several events with one number belong to a failed write.</summary>
public sealed class FailedWriteFinderSpecs
{
    // An event is written as number, writer and timestamp.
    [Theory]
    [InlineData(3, "2A1 3A2 3B3", "3A2")]
    [InlineData(4, "2A1 3A9 3B3 4B3", "3A9")]
    [InlineData(3, "2A1 3A2 4A2 5A2 3B3", "3A2 4A2 5A2")]
    [InlineData(3, "3A2 4A2 3B3", "3A2 4A2")]
    [InlineData(4, "3A2 3B3 4B3", "3A2")]
    [InlineData(4, "3A9 3B3 4B4", "3A9")]
    [InlineData(3, "2A1 3A2 3B3 4B4", "3A2")]
    [InlineData(6, "2A1 3A2 4A2 5A2 3B3 4C4 5C4 6C4", "3A2 4A2 5A2")]
    [InlineData(4, "2A1 3A2 4A2 5A2 3B3 4B4 5B4 4C5", "3A2 4A2 5A2 4B4 5B4")]
    public void Should_find_the_failed_write_when_the_history_shows_it(long counter, string events, string failed)
        => Decide(counter, events).Should(failed);

    [Theory]
    // Only the clocks differ.
    [InlineData(3, "2Z1 3A2 3B3")]
    [InlineData(3, "2A1 3A2 3B3 3C4")]
    // The clocks contradict the only sign.
    [InlineData(3, "2A1 3A9 3B3")]
    [InlineData(4, "3A9 3B3 4B3")]
    // Both writers continued.
    [InlineData(5, "2Z1 3A2 3B3 4A4 4B5 5A6 5B7")]
    [InlineData(4, "2A1 3B2 3A3 4A4")]
    // The failed write may have begun at a lower number.
    [InlineData(4, "2Z1 3A2 4A2 4B3")]
    // The writer or the timestamp is unknown.
    [InlineData(3, "2A1 3A2 3_3")]
    [InlineData(3, "2A0 3A0 3B0")]
    // One writer used a number twice, which no failed write explains.
    [InlineData(3, "2A1 3A2 3A3")]
    public void Should_remain_undecided_when_the_history_does_not_show_it(long counter, string events)
        => Decide(counter, events).Should("undecided");

    [Fact]
    public void Should_find_nothing_when_there_are_no_duplicates() => Decide(1, "1A1 3A2 4B3").Should("");

    [Fact]
    public void Should_find_exactly_the_failed_events_among_duplicates_when_clocks_are_right()
        => Histories.Sample(
            steps =>
            {
                var history = new History([.. steps.Where(static step => step.Kind != Kind.OldWriterWrites)], static _ => 0);
                var acknowledgedNumbers = history.Acknowledged.Select(static e => e.Number).ToHashSet();
                if (history.Decide() is not { } failed) return;
                Assert.Empty(failed.Intersect(history.Acknowledged));
                Assert.Empty(history.Failed.Where(e => acknowledgedNumbers.Contains(e.Number)).Except(failed));
            },
            iter: Samples);

    [Fact]
    public void Should_never_find_an_acknowledged_event_when_clocks_are_wrong()
        => Histories.Sample(
            steps =>
            {
                var history = new History([.. steps.Where(static step => step.Kind is not (Kind.OldWriterWrites or Kind.Reject))], Skew);
                Assert.Empty((history.Decide() ?? []).Intersect(history.Acknowledged));
            },
            iter: Samples);

    [Fact]
    public void Should_never_find_an_acknowledged_event_when_two_actors_have_one_id()
        => Histories.Sample(
            steps =>
            {
                var history = new History([.. steps.Where(static step => step.Kind != Kind.Reject)], static _ => 0);
                Assert.Empty((history.Decide() ?? []).Intersect(history.Acknowledged));
            },
            iter: Samples);

    [Fact]
    public void Should_always_decide_when_writers_have_written_before_and_clocks_are_right()
        => Histories.Sample(
            steps =>
            {
                var kinds = steps.Where(static step => step.Kind is Kind.Write or Kind.CrashWithinWrite);
                // Each writer starts with a successful write.
                HistoryStep[] history = [.. kinds.SelectMany(static step => new[] { new HistoryStep(Kind.Write, 1, 1), step })];
                Assert.NotNull(new History(history, static _ => 0).Decide());
            },
            iter: Samples);

    private const int Samples = 20_000;

    private static Gen<HistoryStep[]> Histories { get; } = Gen
        .Select(Gen.Int[0, 4], Gen.Int[1, 4], Gen.Int[1, 4], static (kind, count, stored) => new HistoryStep((Kind)kind, count, stored))
        .Array[1, 12];

    private static long Skew(char writer) => writer * 7919 % 13 * 5 - 30;

    private static string Decide(long counter, string events)
    {
        var entries = events.Split(' ').Select(Parse).OrderBy(static e => e.Number).ToList();
        if (!FailedWriteFinder.TryFind(entries, counter, out var failed)) return "undecided";
        return string.Join(
            ' ', failed.OrderBy(static e => (e.Writer, e.Number)).Select(static e => $"{e.Number}{e.Writer}{e.Timestamp}"));
    }

    private static StoredEntry Parse(string text)
        => new(text[0] - '0', text[1] == '_' ? "" : text[1..2], text[2] - '0', RedisValue.Null);

    private enum Kind
    {
        Write,
        CrashWithinWrite,
        Restart,
        Reject,
        OldWriterWrites,
    }

    /// <param name="Kind">What happens.</param>
    /// <param name="Count">Number of events in the call.</param>
    /// <param name="Stored">Maximum number of them that resurface after a crash.</param>
    private sealed record HistoryStep(Kind Kind, int Count, int Stored);

    /// <summary>The content of a journal after crashes of Redis.</summary>
    private sealed class History
    {
        private readonly Func<char, long> _skew;
        private char _writer = 'A';
        private char _old = '@';
        private long _highest;
        private long _now = 100;

        public History(IReadOnlyList<HistoryStep> steps, Func<char, long> skew)
        {
            _skew = skew;
            foreach (var step in steps) Apply(step);
        }

        public List<StoredEntry> Acknowledged { get; } = [];

        public List<StoredEntry> Failed { get; } = [];

        public IReadOnlyList<StoredEntry>? Decide()
        {
            var entries = Acknowledged.Concat(Failed).OrderBy(static e => e.Number).ToList();
            return FailedWriteFinder.TryFind(entries, _highest, out var failed) ? failed : null;
        }

        private void Apply(HistoryStep step)
        {
            _now++;
            switch (step.Kind)
            {
                case Kind.Write: Store(_writer, step.Count); break;
                // The old actor has seen all stored events, because the new one has stored none.
                case Kind.OldWriterWrites when _old >= 'A': Store(_old, step.Count); Start(); break;
                case Kind.Reject: _highest++; break;
                case Kind.Restart: Start(); break;
                case Kind.CrashWithinWrite:
                    Failed.AddRange(Call(_writer, Math.Min(step.Count, step.Stored)));
                    Start();
                    break;
            }
        }

        private void Store(char writer, int count)
        {
            Acknowledged.AddRange(Call(writer, count));
            _highest += count;
        }

        private void Start()
        {
            _old = Acknowledged.Count > 0 && Acknowledged[^1].Number == _highest ? Acknowledged[^1].Writer[0] : '@';
            _writer = (char)(Math.Max(_writer, _old) + 1);
        }

        private List<StoredEntry> Call(char writer, int count)
        {
            var time = _now + _skew(writer);
            return [.. Enumerable.Range(1, count).Select(n => new StoredEntry(_highest + n, writer.ToString(), time, RedisValue.Null))];
        }
    }
}
