using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Failover.Coordination;

namespace Morag.Failover.Domain.Tests.Failover;

/// <summary>The counts of failures, and what leaves those of the last 24 hours.</summary>
public sealed class FailureTallySpecs
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 18, 59, 30, TimeSpan.Zero);
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    [Fact]
    public void Should_count_a_failure_for_24_hours_and_no_more_than_a_minute_longer()
    {
        var tally = FailureTally.Empty.With(FailureType.TaskTimeout, At);

        Assert.Equal(1, tally.At(At).RecentFailures24h);
        Assert.Equal(1, tally.At(At + Day - TimeSpan.FromSeconds(1)).RecentFailures24h);
        Assert.Equal(1, tally.At(At + Day).RecentFailures24h);
        Assert.Equal(0, tally.At(At + Day + TimeSpan.FromMinutes(1)).RecentFailures24h);
        Assert.Equal(1, tally.At(At + Day + TimeSpan.FromMinutes(1)).TotalFailures);
    }

    [Fact]
    public void Should_still_count_those_of_the_whole_last_day_when_failures_go_on()
    {
        var tally = FailureTally.Empty;
        for (var hour = 0; hour < 48; hour++)
        {
            tally = tally.With(FailureType.TaskTimeout, At + TimeSpan.FromHours(hour));
        }

        // Those of the hours 23 to 47; the first of them is exactly 24 h old.
        Assert.Equal(25, tally.At(At + TimeSpan.FromHours(47)).RecentFailures24h);
        Assert.Equal(24, tally.At(At + TimeSpan.FromHours(47) + TimeSpan.FromMinutes(1)).RecentFailures24h);
        Assert.Equal(48, tally.At(At + TimeSpan.FromHours(47)).TotalFailures);
        Assert.Equal(25, tally.ByMinute.Count);
    }
}
