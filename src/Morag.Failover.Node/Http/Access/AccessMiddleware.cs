using System.Net;
using Microsoft.AspNetCore.Authorization;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Dashboard;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Http.Access;

/// <summary>
/// Rejects calls that web pages make without their user's knowledge, and, if any token is set, calls without a token that allows them.
/// Endpoints marked <see cref="IAllowAnonymous"/> are open; every other endpoint is protected by default.
/// </summary>
internal sealed class AccessMiddleware(RequestDelegate next, AccessTokens tokens, DashboardSessions sessions)
{
    // Timers cannot wait longer. No stream lasts that long.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(30);

    public async Task InvokeAsync(HttpContext context)
    {
        RefuseWebPages(context);
        var session = context.GetEndpoint()?.Metadata.GetMetadata<DashboardCall>() is null ? null : sessions.Restore(context);
        if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            await next(context);
            return;
        }

        var token = tokens.Admit(context, session: session?.Token);
        if (CallAccess.Of(context).Workers is WorkerPlace.Path)
        {
            _ = context.RequireWorker(Rules.Id<WorkerId>((string)context.GetRouteValue("id")!, "worker_id"));
        }

        var isInSession = token == session?.Token;
        using var ended = isInSession ? session?.WhenEnded(context.Abort) : null;
        var sessionEnd = isInSession ? session?.Until : null;
        await AnswerAsync(context, sessionEnd < token.Expires || token.Expires is null ? sessionEnd : token.Expires);
    }

    /// <summary>Answers the call; a stream ends when its token or its session expires.</summary>
    private async Task AnswerAsync(HttpContext context, DateTimeOffset? end)
    {
        if (end is not { } expires)
        {
            await next(context);
            return;
        }

        var left = tokens.TimeLeft(expires);
        left = left < TimeSpan.Zero ? TimeSpan.Zero : left > LongestTimer ? LongestTimer : left;
        await using var expiry = tokens.Clock.CreateTimer(_ => context.Abort(), null, left, Timeout.InfiniteTimeSpan);
        await next(context);
    }

    private void RefuseWebPages(HttpContext context)
    {
        if (IsForeign(context.Request))
        {
            throw new ProblemException(Problem.ForeignOrigin());
        }

        if (!tokens.Required && IsOnLoopback(context) && !NamesLoopback(context.Request.Host))
        {
            throw new ProblemException(Problem.ForeignHost());
        }
    }

    // CSRF guard: a web page that the operator happens to visit must not control a node on loopback that has no token.
    private static bool IsForeign(HttpRequest request) =>
        request.Headers.Origin.ToString() is { Length: > 0 } origin
        && !(Uri.TryCreate(origin, UriKind.Absolute, out var site)
            && string.Equals(site.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));

    // DNS rebinding guard: a web site can make its own name resolve to 127.0.0.1, and then its pages have the same origin as the node.
    private static bool NamesLoopback(HostString host) => !host.HasValue || Loopback.IsReserved(host.Host);

    private static bool IsOnLoopback(HttpContext context) =>
        context.Connection.LocalIpAddress is { } address && IPAddress.IsLoopback(address);
}
