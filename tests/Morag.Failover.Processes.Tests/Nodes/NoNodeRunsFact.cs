using System.Net.Sockets;

namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>A fact that needs the default port of a node. It is skipped if the port is in use, except with CI=true.</summary>
public sealed class NoNodeRunsFactAttribute : FactAttribute
{
    private const int DefaultPort = 8080;

    public NoNodeRunsFactAttribute() => Skip = Environment.GetEnvironmentVariable("CI") == "true" || !IsTaken()
        ? null
        : $"NOT TESTED: port {DefaultPort}, the default port of a node, is in use (with CI=true this is a failure)";

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
