using Morag.Failover.Node.Http.Health;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>What the platform is told of a node.</summary>
public sealed class HealthSpecs
{
    [Fact]
    public async Task Should_be_ready_when_the_member_is_up_and_every_check_is_well()
    {
        await using var http = await HttpNode.Start(checks: new ReadinessCheck("journal", _ => Task.FromResult(true)));

        Assert.Equal(200, (await http.Call("GET", "/health/ready")).Status);
    }

    [Fact]
    public async Task Should_be_live_but_not_ready_when_a_check_is_not_well()
    {
        await using var http = await HttpNode.Start(checks:
        [
            new ReadinessCheck("journal", _ => Task.FromResult(false)),
            new ReadinessCheck("broken", _ => throw new InvalidOperationException("boom")),
        ]);

        var answer = await http.Call("GET", "/health/ready");
        Assert.Equal(503, answer.Status);
        Assert.Equal(["journal", "broken"], answer.Body.GetProperty("failing").EnumerateArray().Select(name => name.GetString()).Order(StringComparer.Ordinal).Reverse());
        Assert.Equal(200, (await http.Call("GET", "/health/live")).Status);
    }

    [Fact]
    public async Task Should_not_be_ready_when_the_node_left_the_cluster()
    {
        await using var http = await HttpNode.Start();
        await Akka.Cluster.Cluster.Get(http.System).LeaveAsync();

        var answer = await http.Call("GET", "/health/ready");
        Assert.Equal(503, answer.Status);
        Assert.Equal("cluster", answer.Body.GetProperty("failing")[0].GetString());
    }
}
