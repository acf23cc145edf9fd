using Morag.Failover.Node.Cluster;

namespace Morag.Failover.Node.Tests.Cluster;

/// <summary>Of two clusters on one Redis, exactly one stays.</summary>
public sealed class SecondClusterSpecs
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly string[] All = ["a#1", "b#2", "c#3"];

    [Fact]
    public void Should_end_the_cluster_with_fewer_nodes()
    {
        Assert.Empty(Verdict("b#2", members: ["c#3"]).Stays);
        Assert.Empty(Verdict("c#3", members: ["b#2"]).Stays);
        Assert.Equal(["b#2", "c#3"], Verdict("a#1", members: []).Stays);

        Assert.Equal(["a#1"], Verdict("b#2", members: ["c#3"]).Ends);
        Assert.Empty(Verdict("a#1", members: []).Ends);
    }

    [Fact]
    public void Should_end_the_cluster_without_the_smallest_id_when_both_have_as_many_nodes()
    {
        var (first, second) = (new SecondCluster("a#1", Patience), new SecondCluster("b#2", Patience));
        string[] present = ["a#1", "b#2"];
        _ = first.Observe(present, [], inDoubt: false, TimeSpan.Zero);
        _ = second.Observe(present, [], inDoubt: false, TimeSpan.Zero);

        Assert.Equal(["b#2"], first.Observe(present, [], inDoubt: false, Patience).Ends);
        Assert.Equal(["a#1"], second.Observe(present, [], inDoubt: false, Patience).Stays);
    }

    [Fact]
    public void Should_count_nodes_that_have_just_joined_the_other_cluster()
    {
        var watch = new SecondCluster("a#1", Patience);
        _ = watch.Observe(["a#1", "b#2"], [], inDoubt: false, TimeSpan.Zero);

        Assert.Equal(["b#2", "c#3"], watch.Observe(All, [], inDoubt: false, Patience).Stays);
    }

    [Fact]
    public void Should_wait_for_a_node_that_has_just_joined_and_is_not_known_to_all_members()
    {
        var watch = new SecondCluster("b#2", Patience);

        IsNone(watch.Observe(["a#1", "b#2"], [], inDoubt: false, TimeSpan.Zero));
        IsNone(watch.Observe(["a#1", "b#2"], ["a#1"], inDoubt: false, TimeSpan.FromSeconds(9)));
        IsNone(watch.Observe(["a#1", "b#2"], ["a#1"], inDoubt: false, TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void Should_wait_while_the_cluster_may_be_cut_in_two_because_a_node_may_have_joined_the_other_part()
    {
        var watch = new SecondCluster("b#2", Patience);

        IsNone(watch.Observe(All, ["c#3"], inDoubt: true, TimeSpan.Zero));
        IsNone(watch.Observe(All, ["c#3"], inDoubt: true, TimeSpan.FromSeconds(60)));
        IsNone(watch.Observe(All, ["c#3"], inDoubt: false, TimeSpan.FromSeconds(61)));

        Assert.Equal(["a#1"], watch.Observe(All, ["c#3"], inDoubt: false, TimeSpan.FromSeconds(71)).Ends);
    }

    [Fact]
    public void Should_end_a_node_that_its_own_cluster_has_removed_even_if_Redis_lost_that_for_a_while()
    {
        var watch = new SecondCluster("b#2", Patience);
        IsNone(watch.Observe(["a#1", "b#2"], ["a#1"], inDoubt: false, TimeSpan.Zero));

        IsNone(watch.Observe(["b#2"], [], inDoubt: false, TimeSpan.FromSeconds(1)));
        IsNone(watch.Observe(["a#1", "b#2"], [], inDoubt: false, TimeSpan.FromSeconds(30)));
        var verdict = watch.Observe(["a#1", "b#2"], [], inDoubt: false, TimeSpan.FromSeconds(60));

        Assert.Equal(["a#1"], verdict.Ends);
        Assert.Empty(verdict.Stays);
    }

    private static void IsNone(SecondClusterVerdict verdict)
    {
        Assert.Empty(verdict.Stays);
        Assert.Empty(verdict.Ends);
    }

    private static SecondClusterVerdict Verdict(string self, string[] members)
    {
        var watch = new SecondCluster(self, Patience);
        IsNone(watch.Observe(All, members, inDoubt: false, TimeSpan.Zero));
        return watch.Observe(All, members, inDoubt: false, Patience);
    }
}
