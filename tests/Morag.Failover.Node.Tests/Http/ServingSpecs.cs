using Microsoft.Extensions.DependencyInjection;
using Morag.Failover.Node.Cluster;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>What a node answers while it cannot reach the owners, and what it tells about the other nodes.</summary>
public sealed class ServingSpecs
{
    [Fact]
    public async Task Should_refuse_calls_for_owners_at_once_when_the_node_is_not_up()
    {
        await using var http = await HttpNode.Start();
        string[] always = ["/health/live", "/api/v1/palettes", "/api/v1/cluster/nodes", "/openapi/v1.json"];
        await CallAll();
        await Akka.Cluster.Cluster.Get(http.System).LeaveAsync();

        var refused = await http.Call("GET", "/api/v1/queues");

        Assert.Equal(503, refused.Status);
        Assert.Equal("urn:morag-failover:problem:not_ready", refused.Text("type"));
        Assert.Equal("1", refused.Headers["Retry-After"]);
        Assert.Contains("not up in the cluster", refused.Text("detail"), StringComparison.Ordinal);
        await CallAll();

        async Task CallAll()
        {
            foreach (var path in always)
            {
                Assert.Equal((path, 200), (path, (await http.Call("GET", path)).Status));
            }
        }
    }

    [Fact]
    public async Task Should_list_this_node_with_its_address_when_it_has_announced_one()
    {
        await using var http = await HttpNode.Start();
        var before = (await http.Call("GET", "/api/v1/cluster/nodes")).Body.EnumerateArray().Single();
        Assert.Equal(System.Text.Json.JsonValueKind.Null, before.GetProperty("address").ValueKind);

        http.App.Services.GetRequiredService<NodeAnnouncements>().Announce("http://node-1.example:8080");

        var node = (await http.Call("GET", "/api/v1/cluster/nodes")).Body.EnumerateArray().Single();
        Assert.Equal("http://node-1.example:8080", node.GetProperty("address").GetString());
        Assert.Equal("up", node.GetProperty("status").GetString());
        Assert.True(node.GetProperty("reachable").GetBoolean());
        Assert.True(node.GetProperty("self").GetBoolean());
        Assert.StartsWith("akka.tcp://http@127.0.0.1:", node.GetProperty("node").GetString(), StringComparison.Ordinal);
    }
}
