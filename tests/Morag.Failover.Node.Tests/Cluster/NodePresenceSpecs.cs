using Morag.Failover.Actors.Outages;
using Morag.Failover.Node.Cluster;

namespace Morag.Failover.Node.Tests.Cluster;

/// <summary>Whether a node may answer, as it knows without asking anybody.</summary>
public sealed class NodePresenceSpecs
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);
    private readonly TwoClocks clocks = new();
    private readonly NodePresence presence;

    public NodePresenceSpecs() => presence = new NodePresence(Timeout, clocks) { HasPeers = true };

    [Fact]
    public void Should_lapse_when_it_is_not_renewed_in_time_and_be_valid_again_when_it_is()
    {
        clocks.Pass(Timeout - TimeSpan.FromMilliseconds(1));
        Assert.Equal(ServingPermit.Valid, presence.State);

        clocks.Pass(TimeSpan.FromMilliseconds(1));
        Assert.Equal(ServingPermit.Lapsed, presence.State);

        presence.Renewed(PresenceInstant.Now(clocks));
        Assert.Equal(ServingPermit.Valid, presence.State);
    }

    [Fact]
    public void Should_count_from_when_the_request_was_sent()
    {
        var asked = PresenceInstant.Now(clocks);
        clocks.Pass(Timeout);

        presence.Renewed(asked);

        Assert.Equal(ServingPermit.Lapsed, presence.State);
    }

    [Fact]
    public void Should_lapse_when_only_the_wall_clock_ran_as_while_a_machine_is_suspended()
    {
        clocks.Suspend(TimeSpan.FromMinutes(1));

        Assert.Equal(ServingPermit.Lapsed, presence.State);
    }

    [Fact]
    public void Should_not_lapse_when_nobody_could_take_over()
    {
        presence.HasPeers = false;
        clocks.Pass(TimeSpan.FromHours(1));

        Assert.Equal(ServingPermit.Valid, presence.State);
    }

    [Fact]
    public void Should_lapse_without_peers_when_the_node_was_frozen_because_another_one_may_have_started()
    {
        presence.HasPeers = false;
        presence.Renewed(PresenceInstant.Now(clocks));
        clocks.Pass(Timeout);
        Assert.Equal(ServingPermit.Lapsed, presence.State);

        presence.Renewed(PresenceInstant.Now(clocks));

        Assert.Equal(ServingPermit.Valid, presence.State);
    }

    [Fact]
    public void Should_not_lapse_without_peers_while_Redis_cannot_be_asked()
    {
        presence.HasPeers = false;
        presence.Renewed(PresenceInstant.Now(clocks));
        presence.NotRenewed("Redis is gone");
        clocks.Pass(TimeSpan.FromHours(1));
        Assert.Equal(ServingPermit.Valid, presence.State);

        presence.HasPeers = true;

        Assert.Equal(ServingPermit.Lapsed, presence.State);
    }

    [Fact]
    public void Should_stay_revoked_when_it_is_renewed()
    {
        presence.Revoke();
        presence.Renewed(PresenceInstant.Now(clocks));
        presence.HasPeers = false;

        Assert.Equal(ServingPermit.Revoked, presence.State);
        Assert.False(presence.IsCurrent);
    }

    private sealed class TwoClocks : TimeProvider
    {
        private DateTimeOffset wall = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
        private long ticks = 1_000;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ticks;

        public override DateTimeOffset GetUtcNow() => wall;

        public void Pass(TimeSpan time)
        {
            ticks += time.Ticks;
            wall += time;
        }

        public void Suspend(TimeSpan time) => wall += time;
    }
}
