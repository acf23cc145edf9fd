using System.Collections.Immutable;
using System.Globalization;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Access;

namespace Morag.Failover.Node.Configuration;

/// <summary>Reads the tokens of <c>morag.tokens</c>.</summary>
internal static class NamedTokensReader
{
    private static readonly string[] Fields = ["kind", "sha256", "expires", "workers"];

    private static readonly Dictionary<string, TokenKind> Kinds = Enum.GetValues<TokenKind>()
        .ToDictionary(WireName.Of);

    /// <exception cref="ConfigurationRefusedException">A token is invalid. The message names its key and the rule.</exception>
    public static ImmutableArray<AccessToken> Read(SettingsSection section)
    {
        ImmutableArray<AccessToken> tokens = [.. section.Keys().Select(name => ReadToken(section, name))];
        var seen = new HashSet<string>();
        foreach (var token in tokens)
        {
            if (!seen.Add(Convert.ToHexString(token.Digest.AsSpan())))
            {
                throw section.Child(token.Name).Refused("sha256", null, "every token needs a digest of its own");
            }
        }

        return tokens;
    }

    private static AccessToken ReadToken(SettingsSection section, string name)
    {
        if (!Identifier.IsValid(name))
        {
            throw ConfigurationRefusedException.Value(section.Path, name, Identifier.Rule);
        }

        var token = section.Child(name);
        var keys = token.Keys();
        if (keys.FirstOrDefault(key => !Fields.Contains(key)) is { } unknown)
        {
            throw token.Refused(unknown, null, $"a token has only {string.Join(", ", Fields)}");
        }

        var kind = Kinds.TryGetValue(token.Text("kind"), out var known)
            ? known
            : throw token.Refused("kind", token.Text("kind"), $"{string.Join(", ", Kinds.Keys)} is allowed");
        return new AccessToken
        {
            Name = name,
            Kind = kind,
            Digest = ReadDigest(token),
            Expires = keys.Contains("expires") ? ReadTime(token, "expires") : null,
            Workers = ReadWorkers(token, kind, keys.Contains("workers")),
        };
    }

    private static ImmutableArray<byte> ReadDigest(SettingsSection token)
    {
        var text = token.Text("sha256");
        return text.Length == 2 * AccessToken.DigestBytes && text.All(char.IsAsciiHexDigit)
            ? [.. Convert.FromHexString(text)]

            // Not shown, because it may be the token itself.
            : throw token.Refused(
                "sha256", "…", $"the SHA-256 digest of the token is needed, as {2 * AccessToken.DigestBytes} hexadecimal digits");
    }

    private static DateTimeOffset ReadTime(SettingsSection token, string key) =>
        DateTimeOffset.TryParseExact(
            token.Text(key), "yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw token.Refused(key, token.Text(key), "a time such as 2027-01-31T00:00:00Z is needed");

    private static ImmutableArray<string> ReadWorkers(SettingsSection token, TokenKind kind, bool given)
    {
        if (given != (kind == TokenKind.Worker))
        {
            throw token.Refused(
                "workers", null, given ? "only a worker token has workers" : "the ids of its workers are needed, such as [\"gpu-*\"]");
        }

        return given ? [.. token.Texts("workers").Select(pattern => ReadPattern(token, pattern))] : [];
    }

    private static string ReadPattern(SettingsSection token, string pattern) =>
        pattern == "*" || Identifier.IsValid(pattern is [.. var prefix, '*'] ? prefix : pattern)
            ? pattern
            : throw token.Refused("workers", pattern, $"a worker id, or a prefix that ends with *, is needed: {Identifier.Rule}");
}
