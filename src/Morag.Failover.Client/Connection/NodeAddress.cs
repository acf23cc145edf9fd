using System.Net;

namespace Morag.Failover.Client.Connection;

/// <summary>One way to reach a node.</summary>
/// <param name="Url">Its scheme, host and port.</param>
/// <param name="Ip">The IP address to connect to, if the host name has several; null to resolve the name at each connection.</param>
internal sealed record NodeAddress(Uri Url, IPAddress? Ip = null)
{
    /// <summary>The scheme, host and port without a trailing slash.</summary>
    public string Authority => Url.GetLeftPart(UriPartial.Authority);

    public override string ToString() => Ip is null ? Authority : $"{Authority} ({Ip})";

    /// <summary>The address of a URL, without its path.</summary>
    public static NodeAddress Of(Uri url) => new(new Uri(url.GetLeftPart(UriPartial.Authority) + "/"));
}
