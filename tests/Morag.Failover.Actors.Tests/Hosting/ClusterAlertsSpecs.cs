using System.Collections.Immutable;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Domain.Owners;

namespace Morag.Failover.Actors.Tests.Hosting;

/// <summary>What the nodes report is joined with what this node knows.</summary>
public sealed class ClusterAlertsSpecs
{
    private static readonly ImmutableDictionary<string, DownOwner> NoneDown = ImmutableDictionary<string, DownOwner>.Empty;

    [Fact]
    public void Should_count_what_the_nodes_and_the_list_leave_out()
    {
        var alerts = ClusterAlerts.Of(
            [
                ("a", new NodeAlerts { Alerts = Alerts("a", 500), More = 1_500 }),
                ("b", new NodeAlerts { Alerts = Alerts("b", 500), More = 7 }),
                ("c", new NodeAlerts { Alerts = Alerts("c", 3) }),
                ("d", null),
            ],
            NoneDown);

        Assert.Equal(ClusterAlerts.MaxAlerts, alerts.Alerts.Length);
        Assert.Equal(1_510, alerts.More);
        Assert.Equal("d", Assert.Single(alerts.SilentNodes));
    }

    [Fact]
    public void Should_add_owners_that_do_not_serve_unless_they_only_start()
    {
        var down = NoneDown
            .Add("queue-0", new DownOwner("it has not answered for 9 s", default, IsStarting: false))
            .Add("queue-1", new DownOwner("it has not started yet", default, IsStarting: true));

        var alerts = ClusterAlerts.Of([("a", new NodeAlerts())], down);

        Assert.Equal("queue-0", Assert.Single(alerts.Alerts).Owner);
        Assert.Equal(0, alerts.More);
    }

    private static ImmutableArray<OwnerAlert> Alerts(string node, int count) =>
        [.. Enumerable.Range(0, count).Select(number => new OwnerAlert { Owner = $"{node}-{number}", Reason = "OOM", Since = default })];
}
