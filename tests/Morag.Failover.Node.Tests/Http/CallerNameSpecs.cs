using System.Security.Cryptography;
using System.Text;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Node.Http;
using Morag.Failover.Node.Http.Access;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>Owners learn who called from the token, and never from the call.</summary>
public sealed class CallerNameSpecs
{
    private const string Body = """{"reason":"a bad model","by":"somebody else"}""";

    [Theory]
    [InlineData("anna-token", "anna")]
    [InlineData("unnamed-token", "-")]
    public async Task Should_tell_the_owner_the_name_of_the_token(string token, string name)
    {
        await using var http = await HttpNode.Start(new HttpApiSettings
        {
            Tokens = ["unnamed-token"],
            NamedTokens =
            [
                new AccessToken
                {
                    Name = "anna",
                    Kind = TokenKind.Operator,
                    Digest = [.. SHA256.HashData(Encoding.UTF8.GetBytes("anna-token"))],
                },
            ],
        });

        var answer = await http.Call("POST", "/api/v1/queues/cpu_batch/pause", Body, token);

        Assert.Equal(name, answer.Body.GetProperty("pause").GetProperty("by").GetString());
        Assert.Equal(name, Assert.Single(http.Owners.Received<PauseQueue>()).By);
    }

    [Fact]
    public async Task Should_list_what_operators_did_as_a_table_that_no_spreadsheet_runs()
    {
        await using var http = await HttpNode.Start();

        using var answer = await http.Client.GetAsync(new Uri("/api/v1/audit?format=csv", UriKind.Relative));

        Assert.Equal("text/csv", answer.Content.Headers.ContentType?.MediaType);
        const string Start = "2026-11-23T18:00:00.0000000Z,anna,queue_pause,cpu_standard,";
        string[] lines =
        [
            "at,by,action,target,reason,before,after,id",
            Start + "'=1+1,,,queue-0:2",
            Start + "\"it said \"\"stop\"\", twice\",,,queue-0:1",
            "",
        ];
        Assert.Equal(lines, (await answer.Content.ReadAsStringAsync()).Split("\r\n"));
    }

    [Fact]
    public async Task Should_acknowledge_alerts_as_nobody_when_no_token_is_required()
    {
        await using var http = await HttpNode.Start();

        var answer = await http.Call("POST", "/api/v1/alerts/17/acknowledge", """{"note":"on it","by":"somebody else"}""");

        Assert.Equal("-", answer.Body.GetProperty("acknowledged_by").GetString());
        Assert.Equal("on it", Assert.Single(http.Owners.Received<AcknowledgeAlert>()).Note);
    }

    [Fact]
    public async Task Should_have_no_name_when_no_token_is_required()
    {
        await using var http = await HttpNode.Start();

        var answer = await http.Call("POST", "/api/v1/queues/cpu_batch/pause", """{"reason":"a bad model"}""");

        Assert.Equal("-", answer.Body.GetProperty("pause").GetProperty("by").GetString());
    }
}
