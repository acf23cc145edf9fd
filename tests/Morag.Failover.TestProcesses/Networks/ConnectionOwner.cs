using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Morag.Failover.TestProcesses.Networks;

/// <summary>Finds the process at the other end of a connection on 127.0.0.1, in the tables of Linux.</summary>
public static class ConnectionOwner
{
    private const int LocalAddress = 1;
    private const int RemoteAddress = 2;
    private const int Inode = 9;

    /// <summary>The process, of those given, that opened a connection that this process accepted; null if it is none of them.</summary>
    public static int? Of(Socket accepted, IEnumerable<int> processes)
    {
        var (client, server) = (PortOf(accepted.RemoteEndPoint), PortOf(accepted.LocalEndPoint));
        var socket = $"socket:[{InodeOf(client, server)}]";
        return processes.Cast<int?>().FirstOrDefault(process => Holds(process!.Value, socket));
    }

    private static string PortOf(EndPoint? end) => ((IPEndPoint)end!).Port.ToString("X4", CultureInfo.InvariantCulture);

    private static string? InodeOf(string client, string server) =>
        new[] { "/proc/net/tcp", "/proc/net/tcp6" }.Where(File.Exists).SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns.Length > Inode
                && columns[LocalAddress].EndsWith($":{client}", StringComparison.Ordinal)
                && columns[RemoteAddress].EndsWith($":{server}", StringComparison.Ordinal))
            .Select(columns => columns[Inode])
            .FirstOrDefault();

    private static bool Holds(int process, string socket)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd"))
                .Any(file => new FileInfo(file).LinkTarget == socket);
        }
        catch (IOException)
        {
            // The process has ended.
            return false;
        }
    }
}
