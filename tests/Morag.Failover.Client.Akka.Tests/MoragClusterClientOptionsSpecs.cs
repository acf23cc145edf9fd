namespace Morag.Failover.Client.Akka.Tests;

public sealed class MoragClusterClientOptionsSpecs
{
    public static TheoryData<Action<MoragClusterClientOptions>, string> Broken => new()
    {
        { options => options.Nodes.Clear(), "MoragClusterClientOptions.Nodes must name at least one node as host:port, such as " },
        { options => options.Nodes.Add("node-1"), "MoragClusterClientOptions.Nodes must name" },
        { options => options.Nodes.Add("a/b:1\" }"), "MoragClusterClientOptions.Nodes must name" },
        { options => options.Hostname = "", "MoragClusterClientOptions.Hostname must be the name or IP address" },
        { options => options.Port = 70_000, "MoragClusterClientOptions.Port must be 0 to 65535, not 70000" },
        { options => options.QueuePartitions = 0, "MoragClusterClientOptions.QueuePartitions must be 1 to 1024, not 0" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Should_name_the_option_and_the_rule_when_an_option_breaks_it(Action<MoragClusterClientOptions> set, string expected)
    {
        var options = new MoragClusterClientOptions { Nodes = { "node-1:4053" }, Hostname = "10.0.0.7" };
        Assert.Empty(options.BrokenRules());

        set(options);

        var refused = Assert.Throws<ArgumentException>(() => new ClusterClientTransport(options));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }
}
