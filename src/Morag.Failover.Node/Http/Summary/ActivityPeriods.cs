using System.Collections.Immutable;
using Morag.Failover.Domain.Activity;

namespace Morag.Failover.Node.Http.Summary;

/// <summary>Sums the activity of hours and days.</summary>
internal sealed class ActivityPeriods
{
    private const int HoursShown = 24;
    private const int DaysShown = 7;

    private readonly DateTimeOffset start;
    private readonly ImmutableArray<ActivitySeries> failures;
    private readonly ImmutableArray<ActivitySeries> decisions;
    private readonly ImmutableArray<ActivitySeries> completions;
    private readonly ImmutableArray<ActivitySeries> recoveries;

    /// <summary>Takes the hours of the last week.</summary>
    public ActivityPeriods(ActivityRollups activity, DateTimeOffset now)
    {
        var hours = ActivityRange.Week;
        start = hours.Start(now);
        failures = activity.Series(ActivityKind.Failure, hours, now);
        decisions = activity.Series(ActivityKind.Decision, hours, now);
        completions = activity.Series(ActivityKind.Completion, hours, now);
        recoveries = activity.Series(ActivityKind.Recovery, hours, now);
        var thisHour = hours.StepOf(now);
        Hourly = [.. Enumerable.Range(1 - HoursShown, HoursShown).Select(hour => Period(thisHour.AddHours(hour), TimeSpan.FromHours(1)))];
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        Daily = [.. Enumerable.Range(1 - DaysShown, DaysShown).Select(day => Period(today.AddDays(day), TimeSpan.FromDays(1)))];
    }

    /// <summary>The last 24 hours, oldest first.</summary>
    public ImmutableArray<ActivityPeriod> Hourly { get; }

    /// <summary>The last 7 days of UTC, oldest first.</summary>
    public ImmutableArray<ActivityPeriod> Daily { get; }

    private ActivityPeriod Period(DateTimeOffset from, TimeSpan length)
    {
        var first = (int)((from - start) / ActivityRange.Week.Step);
        var steps = Math.Min((int)(length / ActivityRange.Week.Step), ActivityRange.Week.Steps - first);
        var recovered = recoveries.SelectMany(Cells).Where(cell => cell.Count > 0).ToList();
        var count = recovered.Sum(cell => cell.Count);
        return new()
        {
            From = from,
            Failures = Counts(failures),
            Decisions = Counts(decisions),
            Completed = Counts(completions),
            Recoveries = new()
            {
                Count = count,
                MeanSeconds = count == 0 ? null : Math.Round(recovered.Sum(cell => cell.Sum) / count, 3),
                LongestSeconds = count == 0 ? null : Math.Round(recovered.Max(cell => cell.Most), 3),
            },
        };

        ImmutableSortedDictionary<string, long> Counts(ImmutableArray<ActivitySeries> series) => series
            .Select(one => KeyValuePair.Create(one.Name, Cells(one).Sum(cell => cell.Count)))
            .Where(one => one.Value > 0)
            .ToImmutableSortedDictionary(StringComparer.Ordinal);

        IEnumerable<ActivityCell> Cells(ActivitySeries one) => one.Cells.Skip(first).Take(steps);
    }
}
