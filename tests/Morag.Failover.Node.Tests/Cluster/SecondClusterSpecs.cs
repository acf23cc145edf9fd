using Morag.Failover.Node.Cluster;

namespace Morag.Failover.Node.Tests.Cluster;

/// <summary>Of two clusters on one Redis, exactly one stays.</summary>
public sealed class SecondClusterSpecs
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly string[] All = ["a#1", "b#2", "c#3"];

    [Fact]
    public void Should_end_every_cluster_but_the_one_with_the_smallest_id()
    {
        Assert.Empty(Verdict("a#1", members: ["c#3"]));
        Assert.Empty(Verdict("c#3", members: ["a#1"]));
        Assert.Equal(["a#1", "c#3"], Verdict("b#2", members: []));
    }

    [Fact]
    public void Should_wait_for_a_node_that_has_just_joined_and_is_not_known_to_all_members()
    {
        var watch = new SecondCluster("b#2", Patience);

        Assert.Empty(watch.Observe(["a#1", "b#2"], [], TimeSpan.Zero));
        Assert.Empty(watch.Observe(["a#1", "b#2"], ["a#1"], TimeSpan.FromSeconds(9)));
        Assert.Empty(watch.Observe(["a#1", "b#2"], ["a#1"], TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void Should_not_yield_to_a_node_that_its_own_cluster_has_removed()
    {
        var watch = new SecondCluster("b#2", Patience);
        Assert.Empty(watch.Observe(["a#1", "b#2"], ["a#1"], TimeSpan.Zero));

        Assert.Empty(watch.Observe(["a#1", "b#2"], [], TimeSpan.FromSeconds(1)));
        Assert.Empty(watch.Observe(["a#1", "b#2"], [], TimeSpan.FromSeconds(60)));

        Assert.Equal(["a#1"], watch.Removed);
    }

    private static IReadOnlyList<string> Verdict(string self, string[] members)
    {
        var watch = new SecondCluster(self, Patience);
        Assert.Empty(watch.Observe(All, members, TimeSpan.Zero));
        return watch.Observe(All, members, Patience);
    }
}
