using System.Text.RegularExpressions;

namespace Morag.Failover.Client.Connection;

/// <summary>Reads which page of a list follows.</summary>
internal static partial class PageLinks
{
    /// <summary>The path and the query of the next page; null on the last one.</summary>
    public static string? Next(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Link", out var links))
        {
            return null;
        }

        // Only the path is used: the node may know itself by an address that is not reachable from here.
        return links.Select(link => NextLink().Match(link)).FirstOrDefault(match => match.Success) is { } found
            ? Uri.TryCreate(new Uri("http://node/"), found.Groups[1].Value, out var next) ? OfNode(next.PathAndQuery) : null
            : null;
    }

    // A reference that starts with "//" names another host, which must not get the token.
    private static string? OfNode(string path) => path.StartsWith("//", StringComparison.Ordinal) ? null : path;

    [GeneratedRegex("<([^>]*)>\\s*;[^,<]*rel=\"?next\"?", RegexOptions.CultureInvariant)]
    private static partial Regex NextLink();
}
