using Morag.Failover.Contracts.Failover;
using Morag.Failover.Dashboard.Charts;
using Morag.Failover.Domain.Activity;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>What the charts draw.</summary>
public sealed class ChartSpecs
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 6, 0, TimeSpan.Zero);

    [Fact]
    public void Should_draw_the_last_step_as_a_rate_over_the_part_of_it_that_has_passed()
    {
        // Six minutes of the present hour have passed.
        var rollups = ActivityRollups.Empty
            .Add(ActivityKind.Failure, "task_timeout", Now - TimeSpan.FromHours(1), count: 120)
            .Add(ActivityKind.Failure, "task_timeout", Now, count: 12);

        var values = ChartData.Counts("Failures", rollups, ActivityKind.Failure, ActivityRange.Week, Now).Lines.Single().Values;

        Assert.Equal((2, 2), (values[^2], values[^1]));
    }

    [Theory]
    [InlineData(5, "0", "2.5", "5")]
    [InlineData(0.05, "0", "0.025", "0.05")]
    [InlineData(40_000, "0", "25k", "50k")]
    public void Should_label_the_grid_with_the_values_that_it_stands_for(double most, params string[] labels)
    {
        var data = new ChartData
        {
            Title = "Failures",
            Range = ActivityRange.Hour,
            Start = ActivityRange.Hour.Start(Now),
            Lines = [("one", [.. Enumerable.Repeat(most, ActivityRange.Hour.Steps)], "1")],
        };

        Assert.Equal(labels, new ChartShape(data).Grid.Select(line => line.Label));
    }
}
