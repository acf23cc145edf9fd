using Morag.Failover.Node.Http.Health;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>What the platform is told of a node.</summary>
public sealed class HealthSpecs
{
    [Fact]
    public async Task Should_be_ready_when_the_member_is_up_and_every_check_is_well()
    {
        await using var http = await HttpNode.Start(checks: ReadinessCheck.Of("journal", _ => Task.FromResult<string?>(null)));

        Assert.Equal(200, (await http.Call("GET", "/health/ready")).Status);
    }

    [Fact]
    public async Task Should_be_live_but_not_ready_when_a_check_is_not_well()
    {
        await using var http = await HttpNode.Start(checks:
        [
            ReadinessCheck.Of("journal", _ => Task.FromResult<string?>("WRONGPASS invalid username-password pair")),
            ReadinessCheck.Of("broken", _ => throw new InvalidOperationException("boom")),
        ]);

        var answer = await http.Call("GET", "/health/ready");
        Assert.Equal(503, answer.Status);
        Assert.Equal("application/problem+json", answer.MediaType);
        Assert.Equal("1", answer.Headers["Retry-After"]);
        Assert.Equal(
            [("broken", "boom"), ("journal", "WRONGPASS invalid username-password pair")],
            answer.Body.GetProperty("failing").EnumerateObject().Select(trouble => (trouble.Name, trouble.Value.GetString())));
        Assert.Equal(200, (await http.Call("GET", "/health/live")).Status);
    }

    [Fact]
    public async Task Should_not_be_ready_when_the_node_left_the_cluster()
    {
        await using var http = await HttpNode.Start();
        await Akka.Cluster.Cluster.Get(http.System).LeaveAsync();

        var answer = await http.Call("GET", "/health/ready");
        Assert.Equal(503, answer.Status);
        Assert.Contains(
            "not up in the cluster",
            answer.Body.GetProperty("failing").GetProperty("cluster").GetString(),
            StringComparison.Ordinal);
    }
}
