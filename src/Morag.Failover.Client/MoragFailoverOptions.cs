using System.Security.Cryptography;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Client;

/// <summary>Which nodes an HTTP client calls, with which token, and how it repeats failed calls.</summary>
public sealed class MoragFailoverOptions
{
    private const string Prefix = nameof(MoragFailoverOptions) + ".";

    /// <summary>
    /// The addresses of nodes, such as <c>http://node-1:8080</c>, in order of preference; at least one. A name with several IP addresses
    /// counts as one node per address. The client learns the other nodes from any of them.
    /// </summary>
    public IList<Uri> Nodes { get; } = [];

    /// <summary>The bearer token; null for none. At most one of the three token options may be set.</summary>
    public string? Token { get; set; }

    /// <summary>A file with the bearer token. It is read again when a node rejects the token.</summary>
    public string? TokenFile { get; set; }

    /// <summary>
    /// Returns the bearer token; null for none. It is called before the first call, and again when a node rejects the token. It must return
    /// within 30 seconds.
    /// </summary>
    public Func<CancellationToken, ValueTask<string?>>? TokenProvider { get; set; }

    /// <summary>
    /// A PEM file with the certificate authorities that sign the nodes' certificates; null for those that the machine trusts.
    /// </summary>
    public string? CertificateAuthorityFile { get; set; }

    /// <summary>How failed calls are repeated. Workers do not use it: they repeat what they have to deliver until they stop.</summary>
    public RetryOptions Retries { get; } = new();

    internal List<string> BrokenRules() =>
    [
        .. NodeRules(),
        .. TokenRules(),
        .. FileRules(),
        .. Retries.BrokenRules($"{Prefix}{nameof(Retries)}"),
    ];

    internal BearerToken ToBearerToken() =>
        Token is not null ? BearerToken.Fixed(Token)
        : TokenFile is not null ? BearerToken.FromFile(TokenFile)
        : TokenProvider is not null ? BearerToken.From(TokenProvider)
        : BearerToken.None;

    internal NodeTrust ToTrust() => CertificateAuthorityFile is null ? NodeTrust.Machine : NodeTrust.FromFile(CertificateAuthorityFile);

    private IEnumerable<string> NodeRules()
    {
        if (Nodes.Count == 0)
        {
            yield return $"{Prefix}{nameof(Nodes)} must name at least one node, such as http://node-1:8080";
        }

        foreach (var (index, node) in Nodes.Index())
        {
            if (node is not { IsAbsoluteUri: true, Scheme: "http" or "https", UserInfo: "" })
            {
                yield return $"{Prefix}{nameof(Nodes)}[{index}] must be an http or https address without a user name, "
                    + $"such as http://node-1:8080, not \"{(node is { IsAbsoluteUri: true } ? node.Scheme + "://…" : node)}\"";
            }
        }
    }

    private IEnumerable<string> TokenRules()
    {
        if (new object?[] { Token, TokenFile, TokenProvider }.Count(given => given is not null) > 1)
        {
            yield return $"{nameof(MoragFailoverOptions)} must set at most one of {nameof(Token)}, {nameof(TokenFile)} and "
                + nameof(TokenProvider);
        }

        // The token itself must not get into a log.
        if (Token is not null && !BearerToken.IsValid(Token))
        {
            yield return $"{Prefix}{nameof(Token)} {BearerToken.Rule}";
        }
    }

    private IEnumerable<string> FileRules()
    {
        if (TokenFile is not null)
        {
            var token = "";
            if (Unreadable(() => token = File.ReadAllText(TokenFile).Trim()) is { } noToken)
            {
                yield return $"{Prefix}{nameof(TokenFile)} must be a readable file: {noToken}";
            }
            else if (!BearerToken.IsValid(token))
            {
                yield return $"{Prefix}{nameof(TokenFile)} must hold one token, which {BearerToken.Rule}";
            }
        }

        if (CertificateAuthorityFile is not null && Unreadable(() => NodeTrust.FromFile(CertificateAuthorityFile)) is { } noAuthority)
        {
            yield return $"{Prefix}{nameof(CertificateAuthorityFile)} must be a file with PEM certificates: {noAuthority}";
        }
    }

    private static string? Unreadable(Func<object> read)
    {
        try
        {
            _ = read();
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException
            or ArgumentException or NotSupportedException)
        {
            return failure.Message;
        }
    }
}
