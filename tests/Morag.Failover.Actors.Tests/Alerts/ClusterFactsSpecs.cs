using System.Collections.Immutable;
using Morag.Failover.Actors.Alerts;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Domain.Owners;

namespace Morag.Failover.Actors.Tests.Alerts;

/// <summary>What the node of the owner of alerts knows about the other owners.</summary>
public sealed class ClusterFactsSpecs
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly ImmutableDictionary<string, DownOwner> Unheard = ImmutableDictionary<string, DownOwner>.Empty
        .Add("queue-1", new DownOwner("it has not answered since this node started", T0, IsStarting: true));

    [Fact]
    public void Should_not_know_whether_an_owner_serves_that_was_silent_since_the_node_started()
    {
        var (owners, areKnown) = OwnersAt(59);

        Assert.Empty(owners);
        Assert.False(areKnown);
    }

    [Fact]
    public void Should_count_an_owner_as_down_that_has_not_started_for_a_while()
    {
        var (owners, areKnown) = OwnersAt(60);

        Assert.Equal("queue-1", Assert.Single(owners).Owner);
        Assert.True(areKnown);
    }

    [Fact]
    public void Should_not_know_the_owners_of_a_node_that_is_silent() =>
        Assert.False(ClusterFactsReader.OwnersOf([("a", new NodeAlerts()), ("b", null)], ImmutableDictionary<string, DownOwner>.Empty, T0)
            .AreKnown);

    private static (ImmutableArray<Contracts.Fleet.OwnerAlert> Owners, bool AreKnown) OwnersAt(int second) =>
        ClusterFactsReader.OwnersOf([("a", new NodeAlerts())], Unheard, T0.AddSeconds(second));
}
