using Morag.Failover.Actors.Hosting;

namespace Morag.Failover.Actors.Tests.Hosting;

/// <summary>How long an owner that failed waits.</summary>
public sealed class RestartDelaySpecs
{
    private static readonly TimeSpan Briefly = TimeSpan.FromSeconds(1);

    [Fact]
    public void Should_start_at_once_after_a_single_failure_in_service_and_wait_longer_with_each_further_one()
    {
        var delay = new RestartDelay(() => 0);

        var waits = Enumerable.Range(0, 8).Select(_ => delay.AfterFailure(served: true, Briefly).TotalSeconds);

        Assert.Equal([0, 1, 2, 4, 8, 15, 15, 15], waits);
    }

    [Fact]
    public void Should_wait_from_the_first_time_when_it_could_not_recover()
    {
        var delay = new RestartDelay(() => 0);

        Assert.Equal([0.5, 1, 2], Enumerable.Range(0, 3).Select(_ => delay.AfterFailure(served: false, Briefly).TotalSeconds));
    }

    [Fact]
    public void Should_forget_failures_when_it_served_for_a_while()
    {
        var delay = new RestartDelay(() => 0);
        _ = delay.AfterFailure(served: false, Briefly);
        _ = delay.AfterFailure(served: false, Briefly);

        Assert.Equal(TimeSpan.Zero, delay.AfterFailure(served: true, RestartDelay.Stable));
    }

    [Fact]
    public void Should_differ_from_owner_to_owner_when_many_failed_together()
    {
        var waits = Enumerable.Range(0, 100)
            .Select(_ => new RestartDelay(Random.Shared.NextDouble).AfterFailure(served: false, Briefly))
            .ToList();

        Assert.All(waits, wait => Assert.InRange(wait.TotalSeconds, 0.5, 0.75));
        Assert.True(waits.Distinct().Count() > 90);
    }
}
