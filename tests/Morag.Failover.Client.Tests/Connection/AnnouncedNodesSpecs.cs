using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Client.Tests.Connection;

/// <summary>Which announced addresses get calls, and with them the token.</summary>
public sealed class AnnouncedNodesSpecs
{
    [Theory]
    [InlineData("http://10.0.0.1:8080", "http://10.0.0.2:8080", true)]
    [InlineData("https://a.example", "https://b.example:8443/", true)]
    [InlineData("https://a.example", "http://b.example", false)]
    [InlineData("http://a.example", "https://b.example", false)]
    [InlineData("http://a.example", "http://127.0.0.1:8080", false)]
    [InlineData("http://a.example", "http://localhost:8080", false)]
    [InlineData("http://a.example", "http://[::1]:8080", false)]
    [InlineData("http://a.example", "http://0.0.0.0:8080", false)]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8081", true)]
    [InlineData("http://127.0.0.1:8080", "http://10.0.0.2:8080", true)]
    [InlineData("http://a.example", "http://user:word@b.example", false)]
    [InlineData("http://a.example", "http://b.example/path", false)]
    [InlineData("http://a.example", "http://b.example?query", false)]
    [InlineData("http://a.example", "ftp://b.example", false)]
    [InlineData("http://a.example", "not a url", false)]
    [InlineData("http://a.example", null, false)]
    public void Should_use_an_address_only_when_it_is_as_safe_as_the_connection_that_announced_it(string from, string? announced, bool used)
    {
        var usable = AnnouncedNodes.Usable([Node(announced)], NodeAddress.Of(new Uri(from)), _ => false);

        Assert.Equal(used ? [NodeAddress.Of(new Uri(announced!))] : [], usable);
    }

    [Theory]
    [InlineData("up", true)]
    [InlineData("weakly_up", true)]
    [InlineData("joining", true)]
    [InlineData("leaving", false)]
    [InlineData("exiting", false)]
    [InlineData("down", false)]
    public void Should_use_a_node_only_when_it_stays_in_the_cluster(string status, bool used) => Assert.Equal(
        used ? 1 : 0,
        AnnouncedNodes.Usable([Node("http://b.example") with { Status = status }], From, _ => false).Length);

    [Fact]
    public void Should_try_reachable_nodes_first_when_some_are_unreachable()
    {
        var usable = AnnouncedNodes.Usable(
            [Node("http://b.example") with { Reachable = false }, Node("http://c.example"), Node("http://c.example/")], From, _ => false);

        Assert.Equal(["http://c.example", "http://b.example"], usable.Select(address => address.Authority));
    }

    [Fact]
    public void Should_leave_out_an_address_when_a_proxy_could_read_its_calls() => Assert.Empty(
        AnnouncedNodes.Usable([Node("http://b.example")], From, url => url.Host == "b.example"));

    [Fact]
    public void Should_learn_no_more_than_the_limit_when_a_node_announces_many() => Assert.Equal(
        AnnouncedNodes.MaxCount,
        AnnouncedNodes.Usable(Enumerable.Range(0, 1_000).Select(number => Node($"http://n{number}")), From, _ => false).Length);

    private static NodeAddress From => NodeAddress.Of(new Uri("http://a.example"));

    private static ClusterNode Node(string? address) => new()
    {
        Node = "akka.tcp://morag@10.0.0.2:4053",
        Address = address,
        Status = "up",
        Reachable = true,
    };
}
