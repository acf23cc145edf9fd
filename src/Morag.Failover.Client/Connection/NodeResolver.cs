using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Morag.Failover.Client.Connection;

/// <summary>
/// Turns the URLs that the user gave into addresses: one for each IP address of a name that has several. A name that had several keeps
/// their identity: while only one is left, it stays that one, and while the lookup fails, it stays what it was.
/// </summary>
internal sealed class NodeResolver(NodeProxy proxy, Func<string, CancellationToken, Task<IPAddress[]>> lookup)
{
    private static readonly TimeSpan LookupLimit = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<NodeAddress, NodeAddress[]> known = new();

    public NodeResolver(NodeProxy proxy)
        : this(proxy, Dns.GetHostAddressesAsync)
    {
    }

    /// <summary>The addresses of the URLs in their order. Those of one name are shuffled, so that clients spread over the nodes.</summary>
    public async Task<NodeAddress[]> ResolveAsync(IEnumerable<NodeAddress> given, CancellationToken cancellation) =>
        [.. (await Task.WhenAll(given.Select(address => ResolveAsync(address, cancellation)))).SelectMany(resolved => resolved)];

    private async Task<NodeAddress[]> ResolveAsync(NodeAddress given, CancellationToken cancellation)
    {
        // Behind a proxy, the proxy resolves the name.
        if (given.Url.HostNameType != UriHostNameType.Dns || proxy.GetProxy(given.Url) is not null)
        {
            return [given];
        }

        try
        {
            IPAddress[] found = [.. (await lookup(given.Url.IdnHost, cancellation).WaitAsync(LookupLimit, cancellation)).Distinct()];
            if (Array.TrueForAll(found, IPAddress.IsLoopback) || (found.Length == 1 && !known.ContainsKey(given)))
            {
                return [given];
            }

            Random.Shared.Shuffle(found);
            return known[given] = [.. found.Select(ip => given with { Ip = ip })];
        }
        catch (Exception failure) when (failure is SocketException or TimeoutException or ArgumentException)
        {
            // Nodes do not die with the name server. Without known addresses, the connection resolves the name again and reports why it
            // fails.
            return known.TryGetValue(given, out var before) ? before : [given];
        }
    }
}
