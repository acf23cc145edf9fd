using Morag.Failover.Domain.Activity;

namespace Morag.Failover.Dashboard.Charts;

/// <summary>A chart of something that is counted over time.</summary>
public sealed record ChartData
{
    /// <summary>What it shows.</summary>
    public required string Title { get; init; }

    /// <summary>The range.</summary>
    public required ActivityRange Range { get; init; }

    /// <summary>The start of the first step.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>Since when the node has counted; null if it knows nothing. Before that, the chart says that it does not know.</summary>
    public DateTimeOffset? KnownSince { get; init; }

    /// <summary>What is written behind values; empty for plain counts.</summary>
    public string Unit { get; init; } = "";

    /// <summary>The lines, with one value for each step.</summary>
    public ImmutableArray<(string Name, ImmutableArray<double> Values, string Total)> Lines { get; init; } = [];

    /// <summary>Whether the values of a step add up. If not, the lines are drawn beside each other.</summary>
    public bool Stacked { get; init; } = true;

    /// <summary>The chart of a kind of activity.</summary>
    public static ChartData Counts(string title, ActivityRollups rollups, ActivityKind kind, ActivityRange range, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(rollups);
        var whole = range.Step.TotalMinutes;
        // The last step has only begun: what it has counted so far took less time. Below a minute a rate would jump.
        var begun = Math.Clamp((now - range.StepOf(now)).TotalMinutes, Math.Min(1, whole), whole);
        return Empty(title, rollups, kind, range, now) with
        {
            Unit = "per minute",
            Lines =
            [
                .. rollups.Series(kind, range, now).Select(series => (
                    Texts.Words(series.Name),
                    series.Cells.Select((cell, step) => cell.Count / (step == range.Steps - 1 ? begun : whole)).ToImmutableArray(),
                    Texts.Number(series.Cells.Sum(cell => cell.Count)))),
            ],
        };
    }

    /// <summary>The mean and the largest value of each step.</summary>
    public static ChartData Durations(string title, ActivityRollups rollups, ActivityKind kind, ActivityRange range, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(rollups);
        var all = rollups.Series(kind, range, now).FirstOrDefault();
        var count = all?.Cells.Sum(cell => cell.Count) ?? 0;
        return Empty(title, rollups, kind, range, now) with
        {
            Unit = "seconds",
            Stacked = false,
            Lines = all is null
                ? []
                :
                [
                    ("longest", [.. all.Cells.Select(cell => cell.Most)], Seconds(all.Cells.Max(cell => cell.Most))),
                    ("mean", [.. all.Cells.Select(cell => cell.Mean)], Seconds(all.Cells.Sum(cell => cell.Sum) / Math.Max(1, count))),
                ],
        };
    }

    private static string Seconds(double seconds) => Texts.Duration(TimeSpan.FromSeconds(seconds));

    private static ChartData Empty(
        string title, ActivityRollups rollups, ActivityKind kind, ActivityRange range, DateTimeOffset now) =>
        new()
        {
            Title = title,
            Range = range,
            Start = range.Start(now),
            KnownSince = rollups.KnownSince(kind),
        };
}
