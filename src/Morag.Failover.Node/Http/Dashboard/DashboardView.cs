using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using Microsoft.AspNetCore.Antiforgery;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Dashboard;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>Puts pages into their frame and answers calls with them.</summary>
internal sealed class DashboardView(
    DashboardRenderer renderer,
    IAntiforgery antiforgery,
    AccessTokens tokens,
    ActorSystem system,
    NodeAnnouncements announcements,
    SteadyClock clock)
{
    /// <summary>The parameter of an address that says what an action did.</summary>
    public const string Done = "done";

    /// <summary>The parameter of an address that says how many tasks an action changed.</summary>
    private const string Count = "count";

    private const string ThemeCookie = "morag-theme";

    private static readonly Dictionary<string, string> Notices = new()
    {
        ["drain"] = "The worker is draining. It gets no new tasks until you resume it.",
        ["resume"] = "The worker gets new tasks again.",
        ["offline"] = "The worker is declared lost. Its tasks get their decisions.",
        ["breaker-open"] = "The breaker is open. The worker gets no leases until you close or reset it.",
        ["breaker-close"] = "The breaker is closed.",
        ["breaker-reset"] = "The breaker is closed, and the count of failures in a row is cleared.",
        ["requeue"] = "The task is queued again.",
        ["cancel"] = "The task is cancelled.",
        ["pause"] = "The queue is paused. It accepts tasks, and workers get none from it.",
        ["resume-queue"] = "Workers get tasks from the queue again.",
        ["limits"] = "The limits are changed.",
        ["thresholds"] = "The thresholds and rules of alerts are changed.",
        ["acknowledge"] = "The alert is acknowledged.",
        ["unacknowledge"] = "Nobody takes care of the alert any longer.",
        ["unchanged"] = "Nothing was changed.",
    };

    private readonly Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(system);

    /// <summary>The time that the pages show.</summary>
    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>Answers a call with a page.</summary>
    /// <param name="context">The call.</param>
    /// <param name="model">What the page shows.</param>
    /// <param name="status">The status.</param>
    /// <param name="live">Whether the page updates itself; not one that is expensive, or that never changes.</param>
    public async Task<IResult> Page<TPage, TModel>(
        HttpContext context, TModel model, int status = StatusCodes.Status200OK, bool live = true)
        where TPage : DashboardPage<TModel>
    {
        var frame = FrameOf(context) with { Live = live && status == StatusCodes.Status200OK };

        // After the form's token, which also forbids to store the page, and warns if that was done before.
        context.Response.Headers.CacheControl = "no-store";
        var html = await renderer.RenderAsync<TPage, TModel>(frame, model);
        return TypedResults.Text(html, "text/html; charset=utf-8", statusCode: status);
    }

    /// <summary>Answers a call with a page that says why it was refused, or leads to the page for signing in.</summary>
    public async Task ShowProblem(HttpContext context, Problem problem)
    {
        var here = context.Request.Path + context.Request.QueryString;
        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            var from = HttpMethods.IsGet(context.Request.Method) ? here.ToString() : "/";
            context.Response.StatusCode = StatusCodes.Status303SeeOther;
            context.Response.Headers.Location = PageAddress.With("/login", "from", from);
            return;
        }

        var path = context.Request.Path.Value ?? "/";
        var back = HttpMethods.IsGet(context.Request.Method) ? "/" : path[..Math.Max(1, path.LastIndexOf('/'))];
        var detail = problem.Field is { } field ? $"{field}: {problem.Detail}" : problem.Detail;
        var title = problem.Title;
        if (problem.Status == StatusCodes.Status503ServiceUnavailable && HttpMethods.IsGet(context.Request.Method))
        {
            // A page changes nothing, so its outcome is never unknown, and it can be loaded again.
            title = problem.Type == ProblemTypes.Unavailable ? "The owner of this page's content does not answer" : title;
            context.Response.Headers["Refresh"] = "5";
        }

        var page = await Page<ErrorScreen, ErrorModel>(context, new(title, detail, back), problem.Status);
        if (problem.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        await page.ExecuteAsync(context);
    }

    /// <summary>Adds the headers that keep a page from doing anything but what it is made for.</summary>
    public void AddHeaders(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
            + string.Concat(OtherNodes().Select(node => " " + node))
            + "; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.XFrameOptions = "DENY";
    }

    /// <summary>Returns to a page after an action, and lets it say what the action did.</summary>
    /// <param name="context">The call.</param>
    /// <param name="address">The page.</param>
    /// <param name="done">What the action did, a key of the notices.</param>
    /// <param name="count">How many tasks it changed; null if it is not about tasks.</param>
    public static IResult Return(HttpContext context, string address, string done, int? count = null)
    {
        var counted = PageAddress.With(address, Count, count?.ToString(CultureInfo.InvariantCulture));
        context.Response.Headers.Location = PageAddress.With(counted, Done, done);
        return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
    }

    private PageFrame FrameOf(HttpContext context)
    {
        var form = antiforgery.GetAndStoreTokens(context);
        var missing = context.Features.Get<MissingParts>()?.Names ?? [];
        if (missing.Count > 0)
        {
            context.Response.Headers[ResponseHeaders.Incomplete] = string.Join(", ", missing);
        }

        return new PageFrame
        {
            Address = PageAddress.With(PageAddress.With(context.Request.Path + context.Request.QueryString, Done, null), Count, null),
            Node = announcements.Own ?? $"{cluster.SelfAddress.Host}:{cluster.SelfAddress.Port}",
            Now = Now,
            Viewer = ViewerOf(context),
            Guard = new(form.FormFieldName, form.RequestToken!),
            OtherNodes = OtherNodes(),
            Theme = context.Request.Cookies[ThemeCookie] is "dark" or "light" ? context.Request.Cookies[ThemeCookie] : null,
            Missing = [.. missing],
            Notice = NoticeOf(context.Request.Query),
        };
    }

    private static string? NoticeOf(IQueryCollection query) =>
        query[Done] == "requeue-all" && int.TryParse(query[Count], CultureInfo.InvariantCulture, out var count)
            ? $"{Counted.Of(count, "task")} {(count == 1 ? "is" : "are")} queued again."
            : Notices.GetValueOrDefault(query[Done].ToString());

    private Viewer? ViewerOf(HttpContext context) => context.Features.Get<AccessToken>() switch
    {
        null => null,
        _ when !tokens.Required => Viewer.Anyone,
        var token => new Viewer(
            token.Name.Length > 0 ? token.Name : null, WireName.Of(token.Kind), CanAct: token.Kind == TokenKind.Operator),
    };

    private ImmutableArray<string> OtherNodes() =>
    [
        .. from node in announcements.List(cluster.State, cluster.SelfUniqueAddress)
           where !node.Self && node.Address is not null
           let address = Uri.TryCreate(node.Address, UriKind.Absolute, out var url) ? url.GetLeftPart(UriPartial.Authority) : null
           where address is not null
           select address,
    ];
}
