using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http;

/// <summary>Says whether a caller may call.</summary>
internal sealed class AccessTokens
{
    private readonly byte[][] digests;

    public AccessTokens(HttpApiSettings settings)
    {
        if (settings.Tokens.Length > 2 || settings.Tokens.Any(string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException("at most two tokens may be valid at once, and none may be empty", nameof(settings));
        }

        digests = [.. settings.Tokens.Select(token => SHA256.HashData(Encoding.UTF8.GetBytes(token)))];
    }

    /// <summary>Whether callers must bring a token.</summary>
    public bool Required => digests.Length > 0;

    /// <summary>Whether the call's <c>Authorization</c> header brings a valid token.</summary>
    public bool Allows(HttpContext context)
    {
        const string Scheme = "Bearer ";
        var header = context.Request.Headers.Authorization.ToString();
        return !Required || (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && Allows(header.AsSpan(Scheme.Length).Trim()));
    }

    /// <summary>Whether <paramref name="token"/> is valid. Takes as long for a wrong one as for a right one, whatever they share.</summary>
    public bool Allows(ReadOnlySpan<char> token)
    {
        // Longer than any header that Kestrel lets through.
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
/// Lets a call through only with a valid token, where one is set; endpoints marked <see cref="IAllowAnonymous"/> are open, and
/// whatever is added later is not.
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

    // A node on loopback without a token must not be steered by any web page that its user happens to visit.
    private static bool IsForeign(HttpRequest request) =>
        request.Headers.Origin.ToString() is { Length: > 0 } origin
        && !(Uri.TryCreate(origin, UriKind.Absolute, out var site)
            && string.Equals(site.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
}
