using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Node.Http.Access;

/// <summary>What the callers with a token may do.</summary>
public enum TokenKind
{
    /// <summary>Everything.</summary>
    Operator,

    /// <summary>Read everything, change nothing.</summary>
    Reader,

    /// <summary>Read everything, and report failures of tasks that are in no queue here.</summary>
    Reporter,

    /// <summary>Act as certain workers: register, lease tasks and report their outcomes.</summary>
    Worker,
}

/// <summary>A bearer token. Only its digest is kept.</summary>
public sealed class AccessToken
{
    /// <summary>The length of <see cref="Digest"/> in bytes.</summary>
    public const int DigestBytes = SHA256.HashSizeInBytes;

    /// <summary>Its name in problem details; empty if it has none.</summary>
    public string Name { get; init; } = "";

    /// <summary>What it allows.</summary>
    public required TokenKind Kind { get; init; }

    /// <summary>
    /// The SHA-256 digest of the token as UTF-8. A fast hash suffices, because tokens are random and not chosen by people.
    /// </summary>
    public required ImmutableArray<byte> Digest { get; init; }

    /// <summary>When it stops being valid; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>
    /// The workers that a token of kind <see cref="TokenKind.Worker"/> acts for: ids, and prefixes of ids that end with <c>*</c>.
    /// </summary>
    public ImmutableArray<string> Workers { get; init; } = [];

    /// <summary>Stands for the token of every caller while none is required.</summary>
    internal static AccessToken Unrestricted { get; } = new() { Kind = TokenKind.Operator, Digest = [] };

    /// <summary>
    /// Identifies the token in the sessions of the dashboard. It changes with the token, so that the sessions of a token end with it.
    /// </summary>
    internal string Fingerprint => Convert.ToHexStringLower(SHA256.HashData([.. "morag-session"u8, .. Digest]).AsSpan(0, 16));

    /// <summary>An operator's token without a name.</summary>
    internal static AccessToken OfOperator(string token) => new() { Kind = TokenKind.Operator, Digest = [.. DigestOf(token)] };

    /// <summary>The digest of a token.</summary>
    internal static byte[] DigestOf(ReadOnlySpan<char> token) => SHA256.HashData(Encoding.UTF8.GetBytes(token.ToArray()));

    /// <summary>Whether it allows acting as <paramref name="worker"/>.</summary>
    internal bool CoversWorker(WorkerId worker) => Kind != TokenKind.Worker || Workers.Any(
        pattern => pattern is [.. var prefix, '*'] ? worker.Value.StartsWith(prefix, StringComparison.Ordinal) : worker.Value == pattern);
}
