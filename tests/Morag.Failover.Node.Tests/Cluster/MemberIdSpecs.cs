using Morag.Failover.Node.Cluster;

namespace Morag.Failover.Node.Tests.Cluster;

/// <summary>Reading ids of members, which come from Redis.</summary>
public sealed class MemberIdSpecs
{
    [Theory]
    [InlineData("node-1:4053#-17", "node-1", 4053)]
    [InlineData("[fd00::17]:4053#3", "[fd00::17]", 4053)]
    [InlineData("10.0.0.1:4053", "10.0.0.1", 4053)]
    public void Should_find_host_and_port(string id, string host, int port) => Assert.Equal((host, port), MemberId.EndpointIn(id));

    [Theory]
    [InlineData("")]
    [InlineData("node-1")]
    [InlineData(":4053#1")]
    [InlineData("node-1:port#1")]
    [InlineData("node-1:70000#1")]
    [InlineData("node-1:-1#1")]
    public void Should_find_nothing_when_the_id_is_damaged(string id) => Assert.Null(MemberId.EndpointIn(id));
}
