using Morag.Failover.Node.Http;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>Tokens, their rotation, and calls from other web sites.</summary>
public sealed class AccessSpecs
{
    private const string Registration = "\"registration\":{\"worker_id\":\"w-1\",\"capability\":\"gpu\"}";

    [Fact]
    public async Task Should_let_only_valid_tokens_through_when_tokens_are_set()
    {
        await using var http = await HttpNode.Start(new HttpApiSettings { Tokens = ["old", "new"] });

        Assert.Equal(200, (await http.Call("GET", "/api/v1/tasks", token: "old")).Status);
        Assert.Equal(200, (await http.Call("GET", "/api/v1/tasks", token: "new")).Status);
        foreach (var wrong in new[] { null, "ol", "oldx", "NEW", "", new string('x', 9_000) })
        {
            var answer = await http.Call("GET", "/api/v1/tasks", token: wrong);
            Assert.Equal(401, answer.Status);
            Assert.Equal("application/problem+json", answer.MediaType);
            Assert.Equal("Bearer", answer.Headers["WWW-Authenticate"]);
        }

        Assert.Equal(401, (await http.Call("GET", "/openapi/v1.json")).Status);
        Assert.Equal(401, (await http.Call("GET", "/api/v1/events")).Status);
        Assert.Equal(401, (await http.Call("GET", "/no/such/path")).Status);
        Assert.Equal(200, (await http.Call("GET", "/health/live")).Status);
        Assert.Equal(200, (await http.Call("GET", "/health/ready")).Status);
    }

    [Fact]
    public async Task Should_refuse_the_old_token_when_it_was_rotated_out()
    {
        await using (var during = await HttpNode.Start(new HttpApiSettings { Tokens = ["old", "new"] }))
        {
            Assert.Equal(200, (await during.Call("GET", "/api/v1/queues", token: "old")).Status);
        }

        await using var after = await HttpNode.Start(new HttpApiSettings { Tokens = ["new"] });
        Assert.Equal(401, (await after.Call("GET", "/api/v1/queues", token: "old")).Status);
        Assert.Equal(200, (await after.Call("GET", "/api/v1/queues", token: "new")).Status);
    }

    [Fact]
    public async Task Should_take_the_token_from_the_body_when_a_worker_registers()
    {
        await using var http = await HttpNode.Start(new HttpApiSettings { Tokens = ["secret"] });

        Assert.Equal(200, (await http.Call("POST", "/api/v1/workers/register", $$"""{{{Registration}},"auth_token":"secret"}""")).Status);
        Assert.Equal(200, (await http.Call("POST", "/api/v1/workers/register", $$"""{{{Registration}}}""", token: "secret")).Status);
        Assert.Equal(401, (await http.Call("POST", "/api/v1/workers/register", $$"""{{{Registration}},"auth_token":"guess"}""")).Status);
        Assert.Equal(401, (await http.Call("POST", "/api/v1/workers/register", $$"""{{{Registration}}}""")).Status);
    }

    [Fact]
    public async Task Should_refuse_calls_when_they_come_from_another_web_site()
    {
        await using var http = await HttpNode.Start();

        Assert.Equal(403, await StatusFrom(http, "https://elsewhere.example"));
        Assert.Equal(403, await StatusFrom(http, "null"));
        Assert.Equal(200, await StatusFrom(http, http.Client.BaseAddress!.GetLeftPart(UriPartial.Authority)));
    }

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("LocalHost:8080", 200)]
    [InlineData("node.localhost", 200)]
    [InlineData("127.0.0.1:1", 200)]
    [InlineData("[::1]:8080", 200)]
    [InlineData("attacker.example", 403)]
    [InlineData("attacker.example:8080", 403)]
    [InlineData("localhost.attacker.example", 403)]
    [InlineData("192.0.2.1", 403)]
    public async Task Should_refuse_other_names_of_a_node_without_a_token_when_it_is_called_on_loopback(string host, int status)
    {
        await using var http = await HttpNode.Start();
        await using var guarded = await HttpNode.Start(new HttpApiSettings { Tokens = ["secret"] });

        Assert.Equal(status, await StatusAt(http, host));
        Assert.Equal(200, await StatusAt(guarded, host));
    }

    private static async Task<int> StatusAt(HttpNode http, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/queues");
        request.Headers.Host = host;
        request.Headers.Add("Authorization", "Bearer secret");
        return (await http.Send(request)).Status;
    }

    private static async Task<int> StatusFrom(HttpNode http, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/workers/w-1/resume");
        request.Headers.Add("Origin", origin);
        return (await http.Send(request)).Status;
    }
}
