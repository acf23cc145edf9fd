using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Morag.EmbeddedRedis;
using Morag.Failover.Node.Http;

namespace Morag.Failover.Node.Configuration;

/// <summary>
/// What a node needs of its machine, looked at before anything is started: a fault is one line that names the setting, and not whatever
/// a library makes of it later.
/// </summary>
internal static class StartChecks
{
    /// <summary>Refuses settings that this machine cannot meet.</summary>
    /// <exception cref="ConfigurationRefusedException">Names the setting, what is wrong with it, and what to do.</exception>
    public static async Task RunAsync(NodeOptions options)
    {
        RefuseTooLittleMemory(options, NodeOptions.AvailableMemory);
        RefuseFolder(options.DataFolder);
        await RefuseAddressAsync(options);
        await WebServer.RefuseAddressesAsync(options);
    }

    /// <summary>A partition that may hold more than the process has would end it, with everything in it, at a limit that we promised.</summary>
    internal static void RefuseTooLittleMemory(NodeOptions options, long available)
    {
        var most = options.FailoverAsGiven.Queues.MaxBytes;
        if (most > available)
        {
            throw new ConfigurationRefusedException(string.Create(
                CultureInfo.InvariantCulture,
                $"morag.failover.queues.max-bytes = {Mebibytes(most)} MiB is refused: this process may use {Mebibytes(available)} MiB of memory. "
                + $"Lower the setting, or raise the memory limit (of the container, or DOTNET_GCHeapHardLimit)"));
        }

        if (options.Redis is null && options.EmbeddedMemory > available)
        {
            var least = EmbeddedRedisOptions.LeastMemory;
            var first = options.EmbeddedMemory > least
                ? $"Lower the setting ({Mebibytes(least)}MiB or more), raise"
                : $"{Mebibytes(least)}MiB is the smallest value, and the default with so little memory. Raise";
            throw ConfigurationRefusedException.Value(
                "morag.embedded.memory",
                string.Create(CultureInfo.InvariantCulture, $"{Mebibytes(options.EmbeddedMemory)}MiB"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"this process may use {Mebibytes(available)} MiB of memory. {first} the memory limit (of the container, or DOTNET_GCHeapHardLimit), or set morag.redis to a Redis server"));
        }
    }

    private static void RefuseFolder(string folder)
    {
        var probe = Path.Combine(folder, $".write-{Guid.NewGuid():N}");
        try
        {
            _ = Directory.CreateDirectory(folder);
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NodeSetting.Data.Refused(folder, $"the folder cannot be written ({e.Message})");
        }
    }

    /// <summary>Binds the address for other nodes for a moment, as the remoting will: its own errors name neither setting.</summary>
    private static async Task RefuseAddressAsync(NodeOptions options)
    {
        var tcp = options.Configuration.GetConfig("akka.remote.dot-netty.tcp");
        var bindHost = tcp?.GetString("bind-hostname", "") is { Length: > 0 } otherHost ? otherHost : options.Host;
        var bindPort = int.TryParse(tcp?.GetString("bind-port", ""), NumberStyles.None, CultureInfo.InvariantCulture, out var otherPort) ? otherPort : options.Port;
        var address = await ResolveAsync(options.Host);
        address = bindHost == options.Host ? address : await ResolveAsync(bindHost);
        try
        {
            using var listener = new TcpListener(address, bindPort);
            listener.Start();
        }
        catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressNotAvailable)
        {
            throw NodeSetting.Host.Refused(bindHost, $"{address} is not an address of this machine. Behind address translation, set akka.remote.dot-netty.tcp.bind-hostname too");
        }
        catch (SocketException taken)
        {
            throw NodeSetting.Port.Refused(bindPort.ToString(CultureInfo.InvariantCulture), $"it cannot be listened on at {address} ({taken.Message}). Give another port, or 0 for a free one");
        }
    }

    private static async Task<IPAddress> ResolveAsync(string host)
    {
        try
        {
            // As the remoting does: by default it takes no IPv6 address of a name that has others.
            var addresses = await Dns.GetHostAddressesAsync(host);
            return Array.Find(addresses, address => address.AddressFamily == AddressFamily.InterNetwork)
                ?? addresses.FirstOrDefault()
                ?? throw NodeSetting.Host.Refused(host, "the name has no address");
        }
        catch (SocketException unknown)
        {
            throw NodeSetting.Host.Refused(host, $"the name cannot be resolved ({unknown.Message})");
        }
    }

    private static long Mebibytes(long bytes) => bytes >> 20;
}
