using Morag.Failover.Actors.Workers;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Tests.Workers;

/// <summary>What partitions say about waiting work, and for how long it counts.</summary>
public sealed class DegradedWatchSpecs
{
    private static readonly WorkerSettings Settings = new();
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Interval = Settings.DegradedAfter / 5;

    private readonly DegradedWatch watch = new(Settings, Start);
    private DateTimeOffset now = Start;

    [Fact]
    public void Should_show_a_worker_that_leaves_work_lying()
    {
        for (var look = 0; look < 6; look++)
        {
            Look();
            watch.OnWorkReported(0, any: true, now);
            watch.OnWorkReported(1, any: false, now);
        }

        Assert.NotNull(Reason);
    }

    [Fact]
    public void Should_not_count_the_news_of_a_partition_that_left_two_looks_unanswered()
    {
        Look();
        watch.OnWorkReported(0, any: true, now);
        for (var look = 0; look < 10; look++)
        {
            Look();
            watch.OnWorkReported(1, any: false, now);
        }

        Assert.Null(Reason);
    }

    [Fact]
    public void Should_still_count_the_news_of_a_partition_that_answers_late()
    {
        for (var look = 0; look < 8; look++)
        {
            Look();
            if (look % 2 == 0)
            {
                watch.OnWorkReported(0, any: true, now);
            }
        }

        Assert.NotNull(Reason);
    }

    private string? Reason => watch.Reason(new HeldLeasesView(partitions: 2), now);

    private void Look()
    {
        now += Interval;
        Assert.True(watch.ShouldCheck(couldPull: true, now));
    }
}
