using Morag.Failover.Domain.Nodes;

namespace Morag.Failover.Domain.Tests.Nodes;

public sealed class NodeSightingsSpecs
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    [Fact]
    public void Should_be_healthy_until_the_next_beat_is_overdue_when_it_beats()
    {
        var health = Beating(seconds: 60).HealthFor(At(55), Tolerance, At(60.4));

        Assert.Equal((At(61), true), (health.HealthyUntil!.Value, health.IsObserver));
        Assert.Equal(T0, health.CountsFrom);
    }

    [Fact]
    public void Should_not_count_silence_before_its_beats_return_when_it_was_frozen()
    {
        var thawed = Beating(seconds: 60).Beat(new NodeBeat(), Tolerance, At(70)).HealthFor(At(59), Tolerance, At(70));

        Assert.Equal((At(70), true), (thawed.CountsFrom, thawed.IsObserver));
    }

    [Fact]
    public void Should_not_count_silence_before_the_end_of_an_outage_that_the_node_reports_itself()
    {
        var beat = new NodeBeat { SinceOutage = TimeSpan.FromSeconds(3), ExtraPatience = 99, PatienceReason = "slow" };

        var health = Beating(seconds: 60).Beat(beat, Tolerance, At(60.5)).HealthFor(At(50), Tolerance, At(60.5));

        Assert.Equal(At(57.5), health.CountsFrom);
        Assert.Equal((Patience.MaxFactor, "slow"), (health.Patience.Factor, health.Patience.Reason));
    }

    [Fact]
    public void Should_be_in_touch_only_while_beats_arrive_in_both_directions()
    {
        var beating = Beating(seconds: 60);
        Assert.True(beating.IsInTouch(Tolerance, At(62)));
        Assert.False(beating.IsInTouch(Tolerance, At(62.1)));
        Assert.False(beating.Lost(At(60)).IsInTouch(Tolerance, At(60)));

        var hearsThis = beating.Beat(new NodeBeat { SinceYours = TimeSpan.FromSeconds(2) }, Tolerance, At(60.5));
        Assert.True(hearsThis.IsInTouch(Tolerance, At(61.5)));
        Assert.False(hearsThis.IsInTouch(Tolerance, At(61.6)));
    }

    [Fact]
    public void Should_be_no_observer_and_count_silence_from_when_the_cluster_lost_it()
    {
        var health = Beating(seconds: 60).Lost(At(65)).HealthFor(At(59), Tolerance, At(100));

        Assert.Equal((At(65), At(65), false), (health.LostAt!.Value, health.CountsFrom, health.IsObserver));
        Assert.Null(health.HealthyUntil);
    }

    [Fact]
    public void Should_have_been_heard_all_the_time_only_without_an_outage_since_the_worker_was_heard()
    {
        var beating = Beating(seconds: 60);

        Assert.True(beating.WasHeardSince(At(50), Tolerance, At(61)));
        Assert.False(beating.WasHeardSince(At(50), Tolerance, At(63)));
        Assert.False(beating.Lost(At(40)).WasHeardSince(At(50), Tolerance, At(61)));
        Assert.False(beating.Gone(At(55)).WasHeardSince(At(50), Tolerance, At(61)));
        Assert.True(beating.Gone(At(30)).WasHeardSince(At(50), Tolerance, At(100)));
        Assert.False(beating.Beat(new NodeBeat(), Tolerance, At(70)).WasHeardSince(At(65), Tolerance, At(71)));
        Assert.True(beating.Beat(new NodeBeat(), Tolerance, At(70)).WasHeardSince(At(70), Tolerance, At(71)));
    }

    [Fact]
    public void Should_be_left_out_for_workers_heard_long_after_its_last_beat_when_the_cluster_still_reaches_it()
    {
        var beating = Beating(seconds: 60);

        // It may have served a worker that was heard until shortly after its last beat, and its own workers have no witness.
        Assert.False(beating.WasHeardSince(At(79), Tolerance, At(300)));
        Assert.True(beating.WasHeardSince(At(81), Tolerance, At(300)));
        Assert.False(beating.Lost(At(70)).WasHeardSince(At(100), Tolerance, At(300)));
        Assert.False(beating.HealthFor(At(81), Tolerance, At(300)).IsObserver);
    }

    [Fact]
    public void Should_not_have_been_heard_all_the_time_while_it_may_still_serve_workers_when_it_is_gone()
    {
        var gone = Beating(seconds: 60).Gone(At(65));
        var rejoined = NodeSightings.Joined("b:1", gone, At(70));

        Assert.False(gone.WasHeardSince(At(80), Tolerance, At(100)));
        Assert.True(gone.WasHeardSince(At(85), Tolerance, At(100)));
        Assert.False(rejoined.WasHeardSince(At(71), Tolerance, At(71)));
    }

    [Fact]
    public void Should_observe_again_with_a_full_timeout_when_it_is_reachable_again()
    {
        var health = Beating(seconds: 60).Lost(At(65)).Reachable(At(80)).HealthFor(At(59), Tolerance, At(80));

        Assert.Equal((At(80), true), (health.CountsFrom, health.IsObserver));
    }

    [Fact]
    public void Should_be_no_observer_of_workers_of_the_node_before_when_a_new_node_joins_at_its_address()
    {
        var rejoined = NodeSightings.Joined("b:1", Beating(seconds: 60).Gone(At(65)), At(80));

        var old = rejoined.HealthFor(At(59), Tolerance, At(80));
        Assert.Equal((false, At(65), At(80)), (old.IsObserver, old.LostAt!.Value, old.CountsFrom));
        Assert.True(rejoined.HealthFor(At(81), Tolerance, At(81)).IsObserver);
    }

    [Fact]
    public void Should_count_as_lost_in_the_end_when_its_beats_get_lost_and_the_cluster_says_nothing()
    {
        var silent = Beating(seconds: 60);

        Assert.True(silent.HealthFor(At(59), Tolerance, At(79.9)).IsObserver);
        var health = silent.HealthFor(At(59), Tolerance, At(80));
        Assert.Equal((false, At(80)), (health.IsObserver, health.CountsFrom));
    }

    private static NodeSightings Beating(int seconds)
    {
        var node = NodeSightings.Joined("b:1", null, T0);
        for (var beat = 1; beat <= seconds * 2; beat++)
        {
            node = node.Beat(new NodeBeat(), Tolerance, T0.AddSeconds(beat * 0.5));
        }

        return node;
    }

    private static DateTimeOffset At(double seconds) => T0.AddSeconds(seconds);
}
