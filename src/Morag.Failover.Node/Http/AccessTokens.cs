using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http;

/// <summary>Checks bearer tokens.</summary>
internal sealed class AccessTokens
{
    private readonly byte[][] digests;

    public AccessTokens(HttpApiSettings settings)
    {
        if (settings.Tokens.Length > 2 || settings.Tokens.Any(string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException("There can be at most two tokens, and none can be empty.", nameof(settings));
        }

        digests = [.. settings.Tokens.Select(token => SHA256.HashData(Encoding.UTF8.GetBytes(token)))];
    }

    /// <summary>Whether callers must send a token.</summary>
    public bool Required => digests.Length > 0;

    /// <summary>Whether the call has a valid token in its <c>Authorization</c> header, or none is required.</summary>
    public bool Allows(HttpContext context)
    {
        const string Scheme = "Bearer ";
        var header = context.Request.Headers.Authorization.ToString();
        return !Required || (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && Allows(header.AsSpan(Scheme.Length).Trim()));
    }

    /// <summary>Whether <paramref name="token"/> is valid. The comparison takes constant time.</summary>
    public bool Allows(ReadOnlySpan<char> token)
    {
        // Longer than any header that Kestrel accepts.
        if (token.Length > 32 * 1024)
        {
            return false;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(token.ToArray()), digest);
        var allowed = false;
        foreach (var valid in digests)
        {
            allowed |= CryptographicOperations.FixedTimeEquals(digest, valid);
        }

        return allowed;
    }
}

/// <summary>
/// Rejects calls without a valid token if any token is set. Endpoints marked <see cref="IAllowAnonymous"/> are open; every other
/// endpoint is protected by default.
/// </summary>
internal sealed class AccessMiddleware(RequestDelegate next, AccessTokens tokens)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (IsForeign(context.Request))
        {
            throw new ProblemException(Problem.ForeignOrigin());
        }

        if (tokens.Required
            && context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is null
            && !tokens.Allows(context))
        {
            throw new ProblemException(Problem.Unauthorized());
        }

        return next(context);
    }

    // CSRF guard: a web page that the operator happens to visit must not control a node on loopback that has no token.
    private static bool IsForeign(HttpRequest request) =>
        request.Headers.Origin.ToString() is { Length: > 0 } origin
        && !(Uri.TryCreate(origin, UriKind.Absolute, out var site)
            && string.Equals(site.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
}
