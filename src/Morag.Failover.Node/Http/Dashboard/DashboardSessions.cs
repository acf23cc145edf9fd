using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Morag.Failover.Node.Http.Access;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>
/// The sessions of people who have signed in to the dashboard. A session is a cookie with a protected ticket that names the token, and
/// never contains it. Every node that has the keys accepts the ticket for as long as it has the token, unless somebody has signed out.
/// </summary>
internal sealed class DashboardSessions(IDataProtectionProvider protection, AccessTokens tokens, EndedSessions ended)
{
    /// <summary>The name of the cookie.</summary>
    public const string Cookie = "morag-session";

    /// <summary>How long a session lasts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private const int IdBytes = 16;

    private readonly IDataProtector protector = protection.CreateProtector("morag.dashboard.session.v1");

    /// <summary>Begins a session.</summary>
    public void Open(HttpContext context, AccessToken token)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes));
        var ticket = new SessionTicket(id, token.Fingerprint, tokens.Clock.GetUtcNow() + Lifetime);
        context.Response.Cookies.Append(Cookie, protector.Protect(JsonSerializer.Serialize(ticket)), Options(context, Lifetime));
    }

    /// <summary>Ends the session of this browser, and every copy of its cookie.</summary>
    public void Close(HttpContext context)
    {
        if (Ticket(context) is { } ticket)
        {
            _ = ended.Add(ticket.Id, ticket.Until);
        }

        context.Response.Cookies.Delete(Cookie, Options(context, null));
    }

    /// <summary>
    /// The caller's session; null if there is none, it is over, or its token has been removed. Forms of this session are bound to it.
    /// </summary>
    public DashboardSession? Restore(HttpContext context)
    {
        if (Ticket(context) is not { } ticket || ticket.Until <= tokens.Clock.GetUtcNow() || ended.Contains(ticket.Id)
            || tokens.FindByFingerprint(ticket.Token) is not { } token)
        {
            return null;
        }

        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, token.Fingerprint)], Cookie));
        return new DashboardSession(token, ticket.Until, over => ended.Watch(ticket.Id, over));
    }

    private static CookieOptions Options(HttpContext context, TimeSpan? lifetime) => new()
    {
        HttpOnly = true,
        // A link in a chat or an alert opens its page. Forms of other sites get no cookie, and have no guard.
        SameSite = SameSiteMode.Lax,
        // A proxy that ends TLS says so. Whoever forges the header only makes the own browser keep the cookie back.
        Secure = context.Request.IsHttps || context.Request.Headers["X-Forwarded-Proto"] == "https",
        MaxAge = lifetime,
        Path = "/",
    };

    private SessionTicket? Ticket(HttpContext context)
    {
        if (!context.Request.Cookies.TryGetValue(Cookie, out var text))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<SessionTicket>(protector.Unprotect(text)) is { Id: not null, Token: not null } ticket
                ? ticket
                : null;
        }
        catch (Exception forged) when (forged is CryptographicException or FormatException or JsonException)
        {
            return null;
        }
    }

    /// <summary>What the cookie contains.</summary>
    /// <param name="Id">The id of the session.</param>
    /// <param name="Token">The fingerprint of the token.</param>
    /// <param name="Until">When the session ends.</param>
    private sealed record SessionTicket(string Id, string Token, DateTimeOffset Until);
}

/// <summary>A session of somebody who has signed in.</summary>
/// <param name="Token">The token.</param>
/// <param name="Until">When it ends.</param>
/// <param name="WhenEnded">Calls back when it is ended before, until the result is disposed.</param>
internal sealed record DashboardSession(AccessToken Token, DateTimeOffset Until, Func<Action, IDisposable> WhenEnded);
