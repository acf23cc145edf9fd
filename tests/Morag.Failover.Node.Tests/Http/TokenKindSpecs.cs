using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Morag.Failover.Node.Http;
using Morag.Failover.Node.Http.Access;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>What the tokens of each kind allow, for every endpoint.</summary>
public sealed class TokenKindSpecs : IAsyncLifetime
{
    private const string Session = "GET /api/v1/workers/{id}/session";
    private const string Register = "POST /api/v1/workers/register";

    /// <summary>The calls that a worker's token is for. The body is of calls that name their worker there; W is that worker.</summary>
    private static readonly Dictionary<string, string?> OfWorkers = new()
    {
        [Register] = """{"registration":{"worker_id":"W","capability":"gpu"}}""",
        ["POST /api/v1/workers/{id}/heartbeat"] = null,
        ["POST /api/v1/workers/{id}/lease"] = null,
        ["POST /api/v1/workers/{id}/successes"] = null,
        ["POST /api/v1/workers/{id}/results"] = null,
        [Session] = null,
        ["GET /api/v1/workers/{id}"] = null,
        ["DELETE /api/v1/workers/{id}"] = null,
        ["POST /api/v1/tasks/{id}/extend"] = """{"worker_id":"W","epoch":1,"seconds":60}""",
        ["POST /api/v1/tasks/{id}/progress"] = """{"worker_id":"W","epoch":1,"percent":40}""",
        ["POST /api/v1/tasks/{id}/release"] = """{"worker_id":"W","epoch":1}""",
        ["POST /api/v1/tasks/{id}/complete"] = """{"worker_id":"W","epoch":1,"result":1}""",
        ["POST /api/v1/tasks/{id}/fail"] =
            """{"worker_id":"W","epoch":1,"failure_type":"processing_error","error_message":"broken"}""",
    };

    private HttpNode http = null!;

    public async Task InitializeAsync() => http = await HttpNode.Start(new HttpApiSettings
    {
        Tokens = ["everything"],
        AnswerTimeout = TimeSpan.FromSeconds(1),
        NamedTokens =
        [
            Named("dashboard", TokenKind.Reader),
            Named("watchdog", TokenKind.Reporter),
            Named("farm", TokenKind.Worker, "gpu-*", "cpu-1"),
            Named("second-operator", TokenKind.Operator),
        ],
    });

    public async Task DisposeAsync() => await http.DisposeAsync();

    [Fact]
    public async Task Should_let_readers_read_and_nothing_else() => await OnlyTheseAreOpenAsync("dashboard", IsOpenToReaders);

    [Fact]
    public async Task Should_let_reporters_read_and_report_failures() => await OnlyTheseAreOpenAsync(
        "watchdog", call => IsOpenToReaders(call) || call == "POST /api/v1/failures");

    [Fact]
    public async Task Should_let_workers_make_the_calls_of_workers_and_list_the_nodes_and_nothing_else() =>
        await OnlyTheseAreOpenAsync("farm", call => OfWorkers.ContainsKey(call) || call == "GET /api/v1/cluster/nodes");

    [Theory]
    [InlineData("everything")]
    [InlineData("second-operator")]
    public async Task Should_let_operators_make_every_call(string token) => await OnlyTheseAreOpenAsync(token, _ => true);

    [Fact]
    public async Task Should_let_a_worker_act_for_itself_only()
    {
        foreach (var call in Calls().Where(OfWorkers.ContainsKey))
        {
            Assert.True(await StatusAsync(call, "farm", "cpu-1") != 403, call);
            Assert.True(await StatusAsync(call, "farm", "cpu-11") == 403, call);
            Assert.True(await StatusAsync(call, "farm", "GPU-1") == 403, call);
        }
    }

    [Fact]
    public async Task Should_name_the_token_and_the_workers_when_the_call_is_about_another_worker()
    {
        var answer = await http.Call("POST", "/api/v1/workers/cpu-2/heartbeat", "{}", "farm");

        Assert.Equal("urn:morag-failover:problem:forbidden", answer.Text("type"));
        Assert.Equal("The token farm is for the workers gpu-*, cpu-1, and this call is about cpu-2.", answer.Text("detail"));
    }

    [Fact]
    public async Task Should_take_a_workers_token_from_the_body_when_it_registers()
    {
        var body = OfWorkers[Register]!.Replace("\"registration\"", "\"auth_token\":\"farm\",\"registration\"", StringComparison.Ordinal);

        Assert.Equal(200, (await http.Call("POST", "/api/v1/workers/register", OfWorker(body, "gpu-7"))).Status);
        Assert.Equal(403, (await http.Call("POST", "/api/v1/workers/register", OfWorker(body, "other"))).Status);
        Assert.Equal(
            403,
            (await http.Call(
                "POST",
                "/api/v1/workers/register",
                OfWorker(body, "gpu-7").Replace("farm", "dashboard", StringComparison.Ordinal))).Status);
    }

    [Fact]
    public async Task Should_refuse_a_token_and_end_its_streams_when_it_expires()
    {
        var soon = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(2);
        await using var other = await HttpNode.Start(new HttpApiSettings
        {
            NamedTokens = [Named("short", TokenKind.Reader, soon), Named("over", TokenKind.Reader, TimeProvider.System.GetUtcNow())],
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "short");

        using var stream = await other.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => stream.Content.ReadAsStringAsync());

        var expired = await other.Call("GET", "/api/v1/tasks", token: "over");
        Assert.Equal(401, expired.Status);
        Assert.StartsWith("The token over expired on ", expired.Text("detail"), StringComparison.Ordinal);
        await Eventually.IsTrue(async () => (await other.Call("GET", "/api/v1/tasks", token: "short")).Status == 401);
    }

    // A log can hold what readers may not see.
    private static bool IsOpenToReaders(string call) =>
        call.StartsWith("GET", StringComparison.Ordinal)
        && call != Session
        && !call.StartsWith("GET /api/v1/log", StringComparison.Ordinal);

    internal static AccessToken Named(string name, TokenKind kind, params string[] workers) => new()
    {
        Name = name,
        Kind = kind,
        Digest = [.. AccessToken.DigestOf(name)],
        Workers = [.. workers],
    };

    private static AccessToken Named(string name, TokenKind kind, DateTimeOffset expires) => new()
    {
        Name = name,
        Kind = kind,
        Digest = [.. AccessToken.DigestOf(name)],
        Expires = expires,
    };

    private static string OfWorker(string text, string worker) => text.Replace("\"W\"", $"\"{worker}\"", StringComparison.Ordinal);

    private async Task OnlyTheseAreOpenAsync(string token, Func<string, bool> isOpen)
    {
        var wrong = new List<string>();
        foreach (var call in Calls())
        {
            if (await StatusAsync(call, token, "gpu-1") != 403 != isOpen(call))
            {
                wrong.Add(call);
            }
        }

        Assert.Empty(wrong);
    }

    /// <summary>Every protected endpoint, as method and route, and the one that checks the token itself.</summary>
    private string[] Calls() =>
    [
        .. from endpoint in http.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           let route = "/" + endpoint.RoutePattern.RawText!.Trim('/')
           from method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
           let call = $"{method} {route}"
           where call == Register || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null
           select call,
    ];

    private async Task<int> StatusAsync(string call, string token, string worker)
    {
        var (method, path) = (call.Split(' ')[0], call.Split(' ')[1]);
        path = path.Contains("/workers/", StringComparison.Ordinal) ? path.Replace("{id}", worker, StringComparison.Ordinal) : path;
        foreach (var placeholder in (string[])["{id}", "{queue}", "{documentName}", "{name}"])
        {
            path = path.Replace(placeholder, "x-1", StringComparison.Ordinal);
        }

        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (method == "POST")
        {
            var body = OfWorkers.GetValueOrDefault(call) ?? "{}";
            request.Content = new StringContent(OfWorker(body, worker), Encoding.UTF8, "application/json");
        }

        using var answer = await http.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return (int)answer.StatusCode;
    }
}
