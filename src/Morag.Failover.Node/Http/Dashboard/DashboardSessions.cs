using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Morag.Failover.Node.Http.Access;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>
/// The sessions of people who have signed in to the dashboard. A session is a cookie with a protected ticket that names the token, and
/// never contains it. Nothing is stored: every node that has the keys accepts the ticket for as long as it has the token.
/// </summary>
internal sealed class DashboardSessions(IDataProtectionProvider protection, AccessTokens tokens)
{
    /// <summary>The name of the cookie.</summary>
    public const string Cookie = "morag-session";

    /// <summary>How long a session lasts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private readonly IDataProtector protector = protection.CreateProtector("morag.dashboard.session.v1");

    /// <summary>Begins a session.</summary>
    public void Open(HttpContext context, AccessToken token)
    {
        var ticket = new SessionTicket(token.Fingerprint, tokens.Clock.GetUtcNow() + Lifetime);
        context.Response.Cookies.Append(Cookie, protector.Protect(JsonSerializer.Serialize(ticket)), Options(context, Lifetime));
    }

    /// <summary>Ends the session of this browser.</summary>
    public static void Close(HttpContext context) => context.Response.Cookies.Delete(Cookie, Options(context, null));

    /// <summary>
    /// The token of the caller's session, and when the session ends; null if there is no session, it is over, or its token has been
    /// removed. Forms of this session are bound to it.
    /// </summary>
    public (AccessToken Token, DateTimeOffset Until)? Restore(HttpContext context)
    {
        if (!context.Request.Cookies.TryGetValue(Cookie, out var text) || Read(text) is not { } ticket)
        {
            return null;
        }

        var token = ticket.Until <= tokens.Clock.GetUtcNow() ? null : tokens.FindByFingerprint(ticket.Token);
        if (token is null)
        {
            return null;
        }

        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, token.Fingerprint)], Cookie));
        return (token, ticket.Until);
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

    private SessionTicket? Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<SessionTicket>(protector.Unprotect(text));
        }
        catch (Exception forged) when (forged is CryptographicException or FormatException or JsonException)
        {
            return null;
        }
    }

    /// <summary>What the cookie contains.</summary>
    /// <param name="Token">The fingerprint of the token.</param>
    /// <param name="Until">When the session ends.</param>
    private sealed record SessionTicket(string Token, DateTimeOffset Until);
}
