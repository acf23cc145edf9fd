using Morag.Failover.Domain.Activity;
using Morag.Failover.Node.Http.Summary;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>The hours and days of <c>GET /dashboard</c>.</summary>
public sealed class ActivityPeriodsSpecs
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 1, 30, 0, TimeSpan.Zero);

    [Fact]
    public void Should_end_with_the_hour_and_the_day_that_have_begun()
    {
        var periods = new ActivityPeriods(ActivityRollups.Empty, Now);

        Assert.Equal((24, 7), (periods.Hourly.Length, periods.Daily.Length));
        Assert.Equal(new DateTimeOffset(2026, 11, 29, 1, 0, 0, TimeSpan.Zero), periods.Hourly[^1].From);
        Assert.Equal(new DateTimeOffset(2026, 11, 29, 0, 0, 0, TimeSpan.Zero), periods.Daily[^1].From);
        Assert.Equal(new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero), periods.Daily[0].From);
    }

    [Theory]
    [InlineData("2026-11-29T01:00:00Z", 23, 6)]
    [InlineData("2026-11-29T00:59:59Z", 22, 6)]
    [InlineData("2026-11-28T23:59:59Z", 21, 5)]
    [InlineData("2026-11-28T02:00:00Z", 0, 5)]
    [InlineData("2026-11-23T00:00:00Z", null, 0)]
    public void Should_count_in_the_hour_and_on_the_day_of_the_event(string at, int? hour, int day)
    {
        var when = DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture);
        var periods = new ActivityPeriods(ActivityRollups.Empty.Add(ActivityKind.Completion, "cpu_batch", when, count: 3), Now);

        Assert.Equal(hour is { } one ? [one] : [], Counted(periods.Hourly));
        Assert.Equal([day], Counted(periods.Daily));
        Assert.Equal(3, periods.Daily[day].Completed["cpu_batch"]);
    }

    [Fact]
    public void Should_give_the_mean_and_the_longest_time_of_recoveries()
    {
        var periods = new ActivityPeriods(
            ActivityRollups.Empty
                .Add(ActivityKind.Recovery, "recovery", Now, value: 1)
                .Add(ActivityKind.Recovery, "recovery", Now.AddHours(-1), value: 4),
            Now);

        var today = periods.Daily[^1].Recoveries;
        Assert.Equal((2, 2.5, 4), (today.Count, today.MeanSeconds, today.LongestSeconds));
        Assert.Null(periods.Daily[0].Recoveries.MeanSeconds);
    }

    private static IEnumerable<int> Counted(IReadOnlyList<ActivityPeriod> periods) =>
        Enumerable.Range(0, periods.Count).Where(period => periods[period].Completed.Count > 0);
}
