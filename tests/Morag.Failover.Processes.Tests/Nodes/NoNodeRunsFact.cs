using System.Net.Sockets;

namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>A fact that needs the address to be free where a node listens by default: skipped where one does, but not if CI=true.</summary>
public sealed class NoNodeRunsFactAttribute : FactAttribute
{
    private const int DefaultPort = 8080;

    public NoNodeRunsFactAttribute() => Skip = Environment.GetEnvironmentVariable("CI") == "true" || !IsTaken()
        ? null
        : $"NOT TESTED: something listens on port {DefaultPort} of this machine, where a node does by default (with CI=true this is a failure)";

    private static bool IsTaken()
    {
        using var client = new TcpClient();
        try
        {
            client.Connect("127.0.0.1", DefaultPort);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
