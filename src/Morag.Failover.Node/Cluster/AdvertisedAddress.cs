using System.Net;
using Morag.Failover.Node.Configuration;

namespace Morag.Failover.Node.Cluster;

/// <summary>The address of the HTTP API that a node announces to clients.</summary>
internal static class AdvertisedAddress
{
    /// <summary>Derives the address from <c>morag.http</c>.</summary>
    public const string Auto = "auto";

    /// <summary>Announces no address.</summary>
    public const string None = "none";

    /// <summary>The address to announce; null if none is.</summary>
    /// <param name="advertise"><c>auto</c>, <c>none</c> or a URL.</param>
    /// <param name="urls">The URLs that the web server listens on, with their final ports.</param>
    /// <param name="host">The name at which other nodes reach this one, for a URL on all addresses of the machine.</param>
    public static string? Of(string advertise, IEnumerable<string> urls, string host) => advertise switch
    {
        None => null,
        Auto => urls
            .Select(url => Parse(url, host))
            .OfType<Uri>()
            .OrderBy(url => Loopback.IsBinding(url.Host))
            .ThenByDescending(url => url.Scheme == Uri.UriSchemeHttps)
            .Select(url => url.GetLeftPart(UriPartial.Authority))
            .FirstOrDefault(),
        _ => advertise.TrimEnd('/'),
    };

    private static Uri? Parse(string url, string host)
    {
        if (!Uri.TryCreate(NodeOptions.WithAnyAddress(url), UriKind.Absolute, out var parsed))
        {
            return null;
        }

        var isAny = IPAddress.TryParse(parsed.Host, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));
        return isAny ? new UriBuilder(parsed) { Host = host }.Uri : parsed;
    }
}
