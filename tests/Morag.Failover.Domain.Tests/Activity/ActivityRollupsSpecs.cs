using CsCheck;
using Morag.Failover.Domain.Activity;

namespace Morag.Failover.Domain.Tests.Activity;

/// <summary>What the charts of the dashboard are drawn from.</summary>
public sealed class ActivityRollupsSpecs
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 34, 56, TimeSpan.Zero);

    [Fact]
    public void Should_count_in_the_step_of_each_range()
    {
        var rollups = ActivityRollups.Empty
            .Add(ActivityKind.Failure, "task_timeout", Now)
            .Add(ActivityKind.Failure, "task_timeout", Now.AddMinutes(-1), count: 2);

        Assert.Equal((1, 2), (CountAt(rollups, ActivityRange.Hour, 0), CountAt(rollups, ActivityRange.Hour, 1)));
        Assert.Equal(3, CountAt(rollups, ActivityRange.Day, 0));
        Assert.Equal(3, CountAt(rollups, ActivityRange.Week, 0));
    }

    [Fact]
    public void Should_keep_mean_and_maximum_of_values()
    {
        var rollups = ActivityRollups.Empty
            .Add(ActivityKind.Recovery, "recovery", Now, value: 1)
            .Add(ActivityKind.Recovery, "recovery", Now, value: 5);
        var cell = rollups.Series(ActivityKind.Recovery, ActivityRange.Hour, Now).Single().Cells[^1];

        Assert.Equal((3, 5), (cell.Mean, cell.Most));
    }

    [Fact]
    public void Should_show_no_more_than_the_range_and_forget_the_rest()
    {
        var rollups = ActivityRollups.Empty.Add(ActivityKind.Failure, "old", Now - TimeSpan.FromDays(6)).Prune(Now);

        Assert.Empty(rollups.Series(ActivityKind.Failure, ActivityRange.Day, Now));
        Assert.Single(rollups.Series(ActivityKind.Failure, ActivityRange.Week, Now));
        Assert.Empty(rollups.Prune(Now.AddDays(2)).Series(ActivityKind.Failure, ActivityRange.Week, Now));
    }

    [Fact]
    public void Should_count_further_names_together_when_there_are_too_many()
    {
        var rollups = Enumerable.Range(0, 100).Aggregate(
            ActivityRollups.Empty, (known, number) => known.Add(ActivityKind.Failure, $"name-{number}", Now));
        var series = rollups.Series(ActivityKind.Failure, ActivityRange.Hour, Now);

        Assert.True(series.Length <= ActivityRollups.MaxNames + 1);
        Assert.Equal(100, series.Sum(one => one.Cells.Sum(cell => cell.Count)));
    }

    [Fact]
    public void Should_neither_lose_nor_invent_anything() => Gen.Int[0, 59].Array[0, 50].Sample(minutes =>
    {
        var rollups = minutes.Aggregate(
            ActivityRollups.Empty, (known, ago) => known.Add(ActivityKind.Decision, "retry", Now.AddMinutes(-ago)).Prune(Now));
        Assert.All(ActivityRange.All, range => Assert.Equal(
            minutes.Length, rollups.Series(ActivityKind.Decision, range, Now).Sum(one => one.Cells.Sum(cell => cell.Count))));
    });

    private static long CountAt(ActivityRollups rollups, ActivityRange range, int stepsAgo) =>
        rollups.Series(ActivityKind.Failure, range, Now).Single().Cells[^(stepsAgo + 1)].Count;
}
