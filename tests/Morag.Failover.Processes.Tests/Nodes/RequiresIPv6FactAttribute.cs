using System.Net;
using System.Net.Sockets;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>A fact that needs redis-server and the loopback address of IPv6. Without that address, it is skipped with a message.</summary>
public sealed class RequiresIPv6FactAttribute : FactAttribute
{
    public RequiresIPv6FactAttribute() => Skip = RedisServer.SkipReason
        ?? (HasLoopback() ? null : "NOT TESTED: this machine has no IPv6 loopback address (::1)");

    private static bool HasLoopback()
    {
        try
        {
            using var listener = new TcpListener(IPAddress.IPv6Loopback, 0);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
