using System.Security.Cryptography;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Access;

/// <summary>Authenticates callers by their bearer tokens.</summary>
internal sealed class AccessTokens
{
    private readonly AccessToken[] tokens;

    public AccessTokens(HttpApiSettings settings, TimeProvider clock)
    {
        if (settings.Tokens.Length > 2 || settings.Tokens.Any(string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException("There can be at most two tokens without a name, and none can be empty.", nameof(settings));
        }

        tokens = [.. settings.Tokens.Select(AccessToken.OfOperator), .. settings.NamedTokens];
        Clock = clock;
    }

    /// <summary>The clock by which tokens expire.</summary>
    public TimeProvider Clock { get; }

    /// <summary>Whether callers must send a token.</summary>
    public bool Required => tokens.Length > 0;

    /// <summary>
    /// Admits a call with the token in its <c>Authorization</c> header, or else <paramref name="instead"/> or the one of
    /// <paramref name="session"/>, and remembers the token for handlers that check it.
    /// </summary>
    /// <exception cref="ProblemException">A token is required, and none is valid, or it does not allow the call.</exception>
    public AccessToken Admit(HttpContext context, string? instead = null, AccessToken? session = null)
    {
        var token = OfCaller(context, instead, session);
        if (!CallAccess.Of(context).Allows(token.Kind))
        {
            throw new ProblemException(Problem.Forbidden(token.Name, token.Kind));
        }

        context.Features.Set(token);
        return token;
    }

    /// <summary>How long a token that expires at a time stays valid.</summary>
    public TimeSpan TimeLeft(DateTimeOffset expires) => expires - Clock.GetUtcNow();

    /// <summary>The valid token with this text.</summary>
    /// <exception cref="ProblemException">There is none, or it has expired.</exception>
    public AccessToken Check(string token) => Valid(Find(token));

    /// <summary>The token with this <see cref="AccessToken.Fingerprint"/>; null if it has been removed since.</summary>
    public AccessToken? FindByFingerprint(string fingerprint) => Array.Find(tokens, token => token.Fingerprint == fingerprint);

    private AccessToken OfCaller(HttpContext context, string? instead, AccessToken? session)
    {
        const string Scheme = "Bearer ";
        if (!Required)
        {
            return AccessToken.Unrestricted;
        }

        var header = context.Request.Headers.Authorization.ToString();
        var found = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? Find(header.AsSpan(Scheme.Length).Trim()) : null;
        found ??= instead is null ? null : Find(instead);
        return Valid(found ?? session);
    }

    private AccessToken Valid(AccessToken? found) => found switch
    {
        null => throw new ProblemException(Problem.Unauthorized()),
        { Expires: { } expires } when TimeLeft(expires) <= TimeSpan.Zero =>
            throw new ProblemException(Problem.Expired(found.Name, expires)),
        _ => found,
    };

    /// <summary>Compares with every token in constant time.</summary>
    private AccessToken? Find(ReadOnlySpan<char> token)
    {
        // Longer than any header that Kestrel accepts.
        if (token.Length > 32 * 1024)
        {
            return null;
        }

        var digest = AccessToken.DigestOf(token);
        AccessToken? found = null;
        foreach (var known in tokens)
        {
            found = CryptographicOperations.FixedTimeEquals(digest, known.Digest.AsSpan()) ? known : found;
        }

        return found;
    }
}

/// <summary>The token of the call that is being answered.</summary>
internal static class CallerToken
{
    /// <summary>
    /// The name of the caller's token, for records of who did what; <see cref="OperatorChange.Nobody"/> if the token has no name, or none
    /// is required.
    /// </summary>
    public static string CallerName(this HttpContext context) =>
        context.Features.Get<AccessToken>() is { Name.Length: > 0 } token ? token.Name : OperatorChange.Nobody;

    /// <summary>Rejects the call if its token does not cover a worker.</summary>
    /// <exception cref="ProblemException">The token is for other workers.</exception>
    public static WorkerId RequireWorker(this HttpContext context, WorkerId worker) =>
        context.Features.Get<AccessToken>() is { } token && !token.CoversWorker(worker)
            ? throw new ProblemException(Problem.OtherWorker(token.Name, token.Workers, worker))
            : worker;
}
