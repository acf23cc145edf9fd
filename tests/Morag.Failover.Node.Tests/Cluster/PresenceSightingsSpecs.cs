using Morag.Failover.Node.Cluster;

namespace Morag.Failover.Node.Tests.Cluster;

/// <summary>What a starting node concludes from looks at the presence of others, on its own clock.</summary>
public sealed class PresenceSightingsSpecs
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan TakeOverAfter = TimeSpan.FromSeconds(10);

    private readonly PresenceSightings sightings = new("b:1#7", Timeout, TakeOverAfter);
    private readonly Dictionary<string, PresenceRow> rows = new(StringComparer.Ordinal);
    private TimeSpan now = TimeSpan.FromHours(1);

    [Fact]
    public void Should_wait_for_nobody_when_nobody_is_present()
    {
        Look();

        Assert.Empty(sightings.Others);
        Assert.False(sightings.AwaitsEarlierLife);
        Assert.Empty(sightings.Dead);
    }

    [Fact]
    public void Should_take_a_node_for_alive_that_renews_whatever_the_clock_of_Redis_says()
    {
        for (var number = 0; number < 100; number++)
        {
            Row("a:1#1", $"{number}", remaining: -3600);
            Look(after: 0.5);
        }

        Assert.Equal(["a:1#1"], sightings.Others);
        Assert.Equal(["a:1#1"], sightings.Renewing);
        Assert.Empty(sightings.Dead);
    }

    [Theory]
    [InlineData(-100, 10)]
    [InlineData(1.5, 10)]
    [InlineData(30, 30)]
    [InlineData(36_000, 60)]
    public void Should_take_a_silent_node_for_dead_after_the_time_for_a_take_over(double remaining, double dead)
    {
        Row("a:1#1", "v", remaining);
        Look();

        Look(after: dead - 0.1);
        Assert.Equal(["a:1#1"], sightings.Others);
        Look(after: 0.2);

        Assert.Empty(sightings.Others);
        Assert.Equal("v", sightings.Dead["a:1#1"]);
    }

    [Theory]
    [InlineData(1.5, 2)]
    [InlineData(8, 8)]
    public void Should_take_a_silent_node_for_dead_as_soon_as_its_port_is_closed(double remaining, double silent)
    {
        Row("a:1#1", "v", remaining);
        Look();

        Look(after: silent - 0.1);
        sightings.Refuses("a:1#1");
        Assert.Empty(sightings.Silent);
        Assert.Empty(sightings.Dead);
        Look(after: 0.2);
        Assert.Equal(["a:1#1"], sightings.Silent);
        sightings.Refuses("a:1#1");

        Assert.Equal("v", sightings.Dead["a:1#1"]);
    }

    [Fact]
    public void Should_take_a_node_for_alive_again_when_it_renews_after_all()
    {
        Row("a:1#1", "1", remaining: -1);
        Look();
        Look(after: 11);
        Assert.NotEmpty(sightings.Dead);

        Row("a:1#1", "2", remaining: 2);
        Look(after: 0.2);

        Assert.Empty(sightings.Dead);
        Assert.Equal(["a:1#1"], sightings.Others);
    }

    [Theory]
    [InlineData(-0.1, true)]
    [InlineData(0.5, false)]
    public void Should_take_a_node_for_dead_whose_presence_has_expired_and_whose_port_is_closed(double remaining, bool dead)
    {
        Row("a:1#1", "1", remaining);
        Look();

        sightings.Refuses("a:1#1");

        Assert.Equal(dead, sightings.Dead.ContainsKey("a:1#1"));
    }

    [Theory]
    [InlineData(-0.1, 0)]
    [InlineData(1.9, 1)]
    public void Should_take_an_earlier_process_at_its_own_address_for_dead_soon(double remaining, double after)
    {
        Row("b:1#6", "1", remaining);
        Look();
        Look(after);

        Assert.False(sightings.AwaitsEarlierLife);
        Assert.Empty(sightings.Others);
        Assert.Equal(["b:1#6"], sightings.EarlierLives);
        Assert.Null(sightings.Double);
    }

    [Fact]
    public void Should_notice_another_process_that_renews_under_its_own_address()
    {
        Row("b:1#6", "1", remaining: 1.5);
        Look();
        Assert.True(sightings.AwaitsEarlierLife);
        Row("b:1#6", "2", remaining: 2);
        Look(after: 0.5);
        Assert.Null(sightings.Double);
        Row("b:1#6", "3", remaining: 2);
        Look(after: 0.5);

        Assert.Equal("b:1#6", sightings.Double);
    }

    [Fact]
    public void Should_take_an_earlier_process_for_dead_whose_last_renewal_Redis_executed_after_its_death()
    {
        Row("b:1#6", "1", remaining: 1.5);
        Look();
        Row("b:1#6", "2", remaining: 2);
        Look(after: 0.5);
        Look(after: 1);

        Assert.Null(sightings.Double);
        Assert.Equal(["b:1#6"], sightings.EarlierLives);
    }

    [Fact]
    public void Should_ask_a_node_that_has_just_appeared_at_the_second_look()
    {
        Row("a:1#1", "1", remaining: 2);
        Look();
        Row("c:1#1", "1", remaining: 2);
        Look(after: 0.2);
        Assert.Equal(["a:1#1"], sightings.ToAsk);

        Look(after: 0.2);

        Assert.Equal(["a:1#1", "c:1#1"], sightings.ToAsk);
    }

    [Fact]
    public void Should_start_over_after_a_gap_because_the_others_may_have_been_unable_to_renew()
    {
        Row("a:1#1", "1", remaining: 2);
        Look();

        sightings.Forget();
        Look(after: 10);

        Assert.Equal(["a:1#1"], sightings.Others);
        Assert.Empty(sightings.Renewing);
    }

    private void Row(string id, string value, double remaining) => rows[id] = new(value, TimeSpan.FromSeconds(remaining));

    private void Look(double after = 0)
    {
        now += TimeSpan.FromSeconds(after);
        sightings.Observe(rows, now);
    }
}
