using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>Who gets in, what a session may do, and what a page of another site cannot do.</summary>
[Collection(DashboardSpecs.Name)]
public sealed partial class SecuritySpecs(DashboardNode node)
{
    private static readonly string[] Actions =
    [
        "/tasks/kept-1/cancel", "/tasks/kept-1/requeue", "/workers/cpu-1/drain", "/workers/cpu-1/resume", "/workers/cpu-1/offline",
        "/workers/cpu-1/breaker-open", "/workers/cpu-1/breaker-close", "/workers/cpu-1/breaker-reset", "/queues/cpu_batch/pause",
        "/queues/cpu_batch/resume", "/queues/cpu_batch/limits", "/parked/requeue", "/bulk", "/bulk/some-id/undo",
        "/alerts/1/acknowledge", "/alerts/1/unacknowledge", "/alerts/settings/change",
    ];

    [Fact]
    public async Task Should_lead_to_the_sign_in_page_and_back()
    {
        using var http = node.CreateHttp();
        using var refused = await GetAsync(http, "/tasks?state=parked");

        Assert.Equal(HttpStatusCode.SeeOther, refused.StatusCode);
        Assert.Equal("/login?from=%2Ftasks%3Fstate%3Dparked", refused.Headers.Location!.ToString());
        using var signedIn = await SignInAsync(http, DashboardNode.ReaderToken, "/tasks?state=parked");
        Assert.Equal("/tasks?state=parked", signedIn.Headers.Location!.ToString());
        using var page = await GetAsync(http, "/tasks?state=parked");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    public async Task Should_not_lead_to_other_sites(string from)
    {
        using var http = node.CreateHttp();
        using var signedIn = await SignInAsync(http, DashboardNode.ReaderToken, from);

        Assert.Equal("/", signedIn.Headers.Location!.ToString());
    }

    [Theory]
    [InlineData("no-such-token-anywhere", HttpStatusCode.Unauthorized, "does not know the token")]
    [InlineData(DashboardNode.WorkerToken, HttpStatusCode.Forbidden, "is a worker token")]
    public async Task Should_refuse_a_token_that_opens_no_page(string token, HttpStatusCode status, string why)
    {
        using var http = node.CreateHttp();
        using var refused = await SignInAsync(http, token);

        Assert.Equal(status, refused.StatusCode);
        Assert.Contains(why, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(refused.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(IsSession));
    }

    [Fact]
    public async Task Should_give_a_cookie_that_scripts_and_other_sites_cannot_use()
    {
        using var http = node.CreateHttp();
        using var signedIn = await SignInAsync(http, DashboardNode.OperatorToken);

        var cookie = signedIn.Headers.GetValues("Set-Cookie").Single(IsSession);
        Assert.Contains("httponly", cookie, StringComparison.Ordinal);
        Assert.Contains("samesite=lax", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain(DashboardNode.OperatorToken, cookie, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_end_the_session_when_the_user_signs_out()
    {
        using var http = node.CreateHttp();
        using var signedIn = await SignInAsync(http, DashboardNode.ReaderToken);
        using var before = await GetAsync(http, "/");
        using var signedOut = await PostAsync(http, "/logout", await GuardAsync(http, "/"));
        using var page = await GetAsync(http, "/");

        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        Assert.Contains("expires=Thu, 01 Jan 1970", signedOut.Headers.GetValues("Set-Cookie").Single(IsSession), StringComparison.Ordinal);
        Assert.Equal("/login", signedOut.Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.SeeOther, page.StatusCode);
    }

    [Fact]
    public async Task Should_refuse_a_forged_session()
    {
        using var http = node.CreateHttp();
        http.DefaultRequestHeaders.Add("Cookie", "morag-session=CfDJ8AAAA");
        using var page = await GetAsync(http, "/");

        Assert.Equal(HttpStatusCode.SeeOther, page.StatusCode);
    }

    [Fact]
    public async Task Should_refuse_every_action_of_a_reader()
    {
        await node.Node.Client.SubmitAsync([new { task_id = "kept-1", queue = "cpu_batch", payload = 1 }]);
        using var http = node.CreateHttp();
        using var signedIn = await SignInAsync(http, DashboardNode.ReaderToken);
        var guard = await GuardAsync(http, "/tasks/kept-1");
        foreach (var action in Actions)
        {
            using var refused = await PostAsync(http, action, guard, ("reason", "spite"));
            Assert.Equal((action, HttpStatusCode.Forbidden), (action, refused.StatusCode));
        }

        Assert.Equal(TaskState.Queued, (await node.Node.Client.TaskAsync("kept-1")).State);
        Assert.False((await node.Node.Client.WorkerAsync("cpu-1")).Draining);
    }

    [Fact]
    public async Task Should_refuse_a_form_that_no_page_contained()
    {
        await node.Node.Client.SubmitAsync([new { task_id = "kept-2", queue = "cpu_batch", payload = 1 }]);
        using var http = node.CreateHttp();
        using var signedIn = await SignInAsync(http, DashboardNode.OperatorToken);
        using var other = node.CreateHttp();
        using var otherSignedIn = await SignInAsync(other, DashboardNode.ReaderToken);
        var guards = new[] { "", "forged", await GuardAsync(other, "/") };

        foreach (var guard in guards)
        {
            using var refused = await PostAsync(http, "/tasks/kept-2/cancel", guard, ("reason", "spite"));
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }

        foreach (var action in Actions)
        {
            using var refused = await PostAsync(http, action, "forged", ("reason", "spite"));
            Assert.Equal((action, HttpStatusCode.BadRequest), (action, refused.StatusCode));
        }

        Assert.Equal(TaskState.Queued, (await node.Node.Client.TaskAsync("kept-2")).State);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/login")]
    [InlineData("/tasks/no-such-task")]
    public async Task Should_forbid_everything_that_a_page_does_not_need(string path)
    {
        using var http = node.CreateHttp();
        using var signedIn = await SignInAsync(http, DashboardNode.OperatorToken);
        using var page = await GetAsync(http, path);

        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
        var html = await page.Content.ReadAsStringAsync();
        Assert.DoesNotContain("style=", html, StringComparison.Ordinal);
        Assert.DoesNotMatch(InlineScript(), html);
    }

    [Fact]
    public async Task Should_leave_the_api_as_it_is()
    {
        using var http = node.CreateHttp();
        using var anonymous = await http.GetAsync(new Uri("/", UriKind.Relative));
        using var session = await SignInAsync(http, DashboardNode.OperatorToken);
        using var withCookie = await http.GetAsync(new Uri("/api/v1/tasks", UriKind.Relative));
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", DashboardNode.OperatorToken);
        using var authorized = await http.GetAsync(new Uri("/", UriKind.Relative));

        Assert.Equal(HttpStatusCode.Unauthorized, anonymous.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, withCookie.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, authorized.StatusCode);
        Assert.Equal("application/problem+json", authorized.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Should_write_tables_that_spreadsheets_do_not_run()
    {
        using var http = node.CreateHttp();
        using var session = await SignInAsync(http, DashboardNode.ReaderToken);
        var csv = await http.GetStringAsync(new Uri("/workers?format=csv", UriKind.Relative));
        var json = await http.GetStringAsync(new Uri("/workers?format=json", UriKind.Relative));

        Assert.StartsWith("worker_id,name,capability,liveness", csv, StringComparison.Ordinal);
        Assert.Contains("\"gpu-1 <script>", csv, StringComparison.Ordinal);
        Assert.Contains(",\"'=HYPERLINK(", csv, StringComparison.Ordinal);
        Assert.Contains("\"worker_id\":\"gpu-1\"", json, StringComparison.Ordinal);
    }

    private static bool IsSession(string cookie) => cookie.StartsWith("morag-session=", StringComparison.Ordinal);

    private static Task<HttpResponseMessage> GetAsync(HttpClient http, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/html");
        return http.SendAsync(request);
    }

    private static async Task<HttpResponseMessage> SignInAsync(HttpClient http, string token, string from = "/") =>
        await PostAsync(http, "/login", await GuardAsync(http, "/login"), ("token", token), ("from", from));

    private static async Task<string> GuardAsync(HttpClient http, string path)
    {
        using var page = await GetAsync(http, path);
        return Guard().Match(await page.Content.ReadAsStringAsync()).Groups["value"].Value;
    }

    private static Task<HttpResponseMessage> PostAsync(
        HttpClient http, string path, string guard, params (string Name, string Value)[] fields)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new FormUrlEncodedContent(
                fields.Append(("form-guard", guard)).Select(field => KeyValuePair.Create(field.Item1, field.Item2))),
        };
        request.Headers.Accept.ParseAdd("text/html");
        return http.SendAsync(request);
    }

    [GeneratedRegex("name=\"form-guard\" value=\"(?<value>[^\"]*)\"")]
    private static partial Regex Guard();

    [GeneratedRegex("<script(?![^>]*src=)|\\son[a-z]+=\"")]
    private static partial Regex InlineScript();
}
