using System.Net;
using System.Net.Sockets;
using Akka.Actor;

namespace Morag.Failover.Node.Cluster;

/// <summary>Says why a node may not have admitted this one. Akka.NET's own log does not say which name is wrong.</summary>
internal static class SeedNames
{
    private static readonly TimeSpan ResolveTimeout = TimeSpan.FromSeconds(5);

    /// <summary>What is known of a node that this one asks for admission.</summary>
    public static async Task<string> DescribeAsync(Address node, Func<string, Task<IPAddress[]>> resolve)
    {
        if (IPAddress.TryParse(node.Host, out _))
        {
            return $"{node.Host}:{node.Port} has not admitted it yet";
        }

        try
        {
            return await resolve(node.Host).WaitAsync(ResolveTimeout) switch
            {
                [] => $"{node.Host}:{node.Port} has no address yet",
                [var address] => $"{node.Host}:{node.Port} (at {address}) has not admitted it yet",
                var addresses => $"{node.Host}:{node.Port} has {addresses.Length} addresses ({string.Join<IPAddress>(", ", addresses)}), "
                    + "but a seed must be the name of one node, the one that this node has as its morag.host",
            };
        }
        catch (Exception unknown) when (unknown is SocketException or TimeoutException)
        {
            return $"the name of {node.Host}:{node.Port} does not resolve yet ({unknown.Message})";
        }
    }
}
