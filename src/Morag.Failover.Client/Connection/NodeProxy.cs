using System.Net;

namespace Morag.Failover.Client.Connection;

/// <summary>
/// The proxy of the environment (<c>http_proxy</c>, <c>https_proxy</c>, <c>no_proxy</c>). Nodes on this machine's loopback address are
/// called directly, because no proxy can reach them.
/// </summary>
internal sealed class NodeProxy(IWebProxy environment) : IWebProxy
{
    public ICredentials? Credentials
    {
        get => environment.Credentials;
        set => environment.Credentials = value;
    }

    public bool IsBypassed(Uri host) => IsLoopback(host) || environment.IsBypassed(host);

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : environment.GetProxy(destination);

    /// <summary>
    /// Checks that no proxy can read the token. Calls to an <c>https</c> node go through the proxy in an encrypted tunnel.
    /// </summary>
    /// <exception cref="TokenExposed">The node's address is <c>http</c>, and its calls go through a proxy.</exception>
    public void CheckToken(Uri node)
    {
        if (Reader(node) is { } proxy)
        {
            throw new TokenExposed(proxy, node);
        }
    }

    /// <summary>Whether a proxy could read the calls to a node.</summary>
    public bool CanRead(Uri node) => Reader(node) is not null;

    /// <summary>Whether a URL is on the loopback address of the machine that calls it.</summary>
    public static bool IsLoopback(Uri host) =>
        host.IsLoopback
        || host.IdnHost.TrimEnd('.').EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || host.IdnHost.TrimEnd('.').Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.IdnHost, out var address)
            && (IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)));

    private Uri? Reader(Uri node) =>
        node.Scheme == Uri.UriSchemeHttp && GetProxy(node) is { } proxy && proxy != node ? proxy : null;
}
