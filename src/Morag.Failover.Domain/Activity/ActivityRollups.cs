namespace Morag.Failover.Domain.Activity;

/// <summary>What one step of a series counted.</summary>
/// <param name="Count">The number of occurrences.</param>
/// <param name="Sum">The sum of their values.</param>
/// <param name="Most">The largest value.</param>
public readonly record struct ActivityCell(long Count, double Sum, double Most)
{
    /// <summary>The mean value; 0 if there is none.</summary>
    public double Mean => Count == 0 ? 0 : Sum / Count;

    internal ActivityCell With(long count, double value) => new(Count + count, Sum + value, Math.Max(Most, value));
}

/// <summary>One line of a chart: a cell for each step of the range, oldest first.</summary>
/// <param name="Name">What is counted, such as a type of failure.</param>
/// <param name="Cells">The cells.</param>
public sealed record ActivitySeries(string Name, ImmutableArray<ActivityCell> Cells);

/// <summary>
/// Counts of what happened over the last hour, day and week, in steps. Each range keeps its own cells and forgets those that it no longer
/// shows. Adding something twice counts it twice.
/// </summary>
public sealed record ActivityRollups
{
    private readonly ImmutableDictionary<SeriesKey, ImmutableDictionary<StepKey, ActivityCell>> series =
        ImmutableDictionary<SeriesKey, ImmutableDictionary<StepKey, ActivityCell>>.Empty;

    private readonly ImmutableDictionary<ActivityKind, DateTimeOffset> knownSince =
        ImmutableDictionary<ActivityKind, DateTimeOffset>.Empty;

    private readonly DateTimeOffset prunedAt;

    private ActivityRollups()
    {
    }

    private ActivityRollups(
        ImmutableDictionary<SeriesKey, ImmutableDictionary<StepKey, ActivityCell>> series,
        ImmutableDictionary<ActivityKind, DateTimeOffset> knownSince,
        DateTimeOffset prunedAt) => (this.series, this.knownSince, this.prunedAt) = (series, knownSince, prunedAt);

    /// <summary>Nothing is known.</summary>
    public static ActivityRollups Empty { get; } = new();

    /// <summary>The most different names of one kind. Further ones are counted as <c>other</c>.</summary>
    public static int MaxNames => 40;

    /// <summary>Since when everything of a kind has been counted; null if nothing has.</summary>
    public DateTimeOffset? KnownSince(ActivityKind kind) => knownSince.TryGetValue(kind, out var since) ? since : null;

    /// <summary>States that everything of a kind has been counted since a time.</summary>
    public ActivityRollups Know(ActivityKind kind, DateTimeOffset since) => new(series, knownSince.SetItem(kind, since), prunedAt);

    /// <summary>Counts occurrences.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="name">What exactly occurred.</param>
    /// <param name="at">When.</param>
    /// <param name="count">How often, 1 or more.</param>
    /// <param name="value">The sum of the values, such as durations in seconds.</param>
    public ActivityRollups Add(ActivityKind kind, string name, DateTimeOffset at, long count = 1, double value = 0)
    {
        var key = new SeriesKey(kind, name);
        if (!series.ContainsKey(key) && series.Keys.Count(known => known.Kind == kind) >= MaxNames)
        {
            key = key with { Name = "other" };
        }

        var steps = series.GetValueOrDefault(key, ImmutableDictionary<StepKey, ActivityCell>.Empty);
        foreach (var range in ActivityRange.All)
        {
            var step = new StepKey(range.Name, range.StepOf(at));
            steps = steps.SetItem(step, steps.GetValueOrDefault(step).With(count, value));
        }

        return new(series.SetItem(key, steps), knownSince, prunedAt);
    }

    /// <summary>Forgets the steps that no range shows any longer. Does nothing more often than once per minute.</summary>
    public ActivityRollups Prune(DateTimeOffset now)
    {
        if (now - prunedAt < ActivityRange.Hour.Step)
        {
            return this;
        }

        var starts = ActivityRange.All.ToDictionary(range => range.Name, range => range.Start(now));
        var kept = series.ToBuilder();
        foreach (var (key, steps) in series)
        {
            var shown = steps.RemoveRange(steps.Keys.Where(step => step.Start < starts[step.Range]));
            if (shown.IsEmpty)
            {
                kept.Remove(key);
            }
            else
            {
                kept[key] = shown;
            }
        }

        return new(kept.ToImmutable(), knownSince, now);
    }

    /// <summary>The series of a kind, those with the highest counts first.</summary>
    public ImmutableArray<ActivitySeries> Series(ActivityKind kind, ActivityRange range, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(range);
        return
        [
            .. from one in series
               where one.Key.Kind == kind
               let line = Line(one.Value, range, now)
               let total = line.Sum(cell => cell.Count)
               where total > 0
               orderby total descending, one.Key.Name
               select new ActivitySeries(one.Key.Name, line),
        ];
    }

    private static ImmutableArray<ActivityCell> Line(
        ImmutableDictionary<StepKey, ActivityCell> steps, ActivityRange range, DateTimeOffset now)
    {
        var start = range.Start(now);
        return
        [
            .. Enumerable.Range(0, range.Steps)
                .Select(step => steps.GetValueOrDefault(new StepKey(range.Name, start + (range.Step * step)))),
        ];
    }

    private readonly record struct SeriesKey(ActivityKind Kind, string Name);

    private readonly record struct StepKey(string Range, DateTimeOffset Start);
}
