using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Morag.EmbeddedRedis;
using Morag.Failover.Node.Http;

namespace Morag.Failover.Node.Configuration;

/// <summary>
/// Checks the machine before anything starts. The operator gets one line that names the setting, rather than the later error of a library.
/// </summary>
internal static class StartChecks
{
    /// <summary>Rejects settings that this machine cannot support.</summary>
    /// <exception cref="ConfigurationRefusedException">A check failed. The message names the setting, the problem, and what to
    /// do.</exception>
    public static async Task RunAsync(NodeOptions options, HttpCertificate? certificate)
    {
        CheckMemory(options, NodeOptions.AvailableMemory);
        CheckFolder(options.DataFolder);
        CheckRedisAuthority(options.RedisAuthority);
        await CheckAddressAsync(options);
        await WebServer.CheckAddressesAsync(options, certificate);
    }

    /// <summary>Rejects limits above the process' memory: the process would run out of memory before it reaches them.</summary>
    internal static void CheckMemory(NodeOptions options, long available)
    {
        var most = options.FailoverAsGiven.Queues.MaxBytes;
        if (most > available)
        {
            throw new ConfigurationRefusedException(string.Create(
                CultureInfo.InvariantCulture,
                $"morag.failover.queues.max-bytes = {Mebibytes(most)} MiB is refused: this process can use {Mebibytes(available)} MiB "
                + $"of memory. Lower the setting, or raise the memory limit (of the container, or DOTNET_GCHeapHardLimit)"));
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
                string.Create(CultureInfo.InvariantCulture, $"this process can use {Mebibytes(available)} MiB of memory. ")
                + $"{first} the memory limit (of the container, or DOTNET_GCHeapHardLimit), or set morag.redis to a Redis server");
        }
    }

    private static void CheckFolder(string folder)
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

    private static void CheckRedisAuthority(string? file)
    {
        try
        {
            using var authority = file is null ? null : X509CertificateLoader.LoadCertificateFromFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw NodeSetting.RedisAuthority.Refused(file!, $"the file is not a certificate that can be read ({e.Message})");
        }
    }

    /// <summary>Briefly binds the address for other nodes, as Akka.Remote will. Its own errors do not name the settings.</summary>
    private static async Task CheckAddressAsync(NodeOptions options)
    {
        var setting = options.BindHost == options.Host ? NodeSetting.Host : NodeSetting.BindHost;
        var address = await ResolveAsync(options.BindHost, setting);
        try
        {
            using var listener = new TcpListener(address, options.Port);
            listener.Start();
        }
        catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressNotAvailable)
        {
            throw setting.Refused(
                options.BindHost,
                $"{address} is not an address of this machine. Behind address translation, set {NodeSetting.BindHost.Key} to one that is, "
                + "such as 0.0.0.0");
        }
        catch (SocketException taken)
        {
            throw NodeSetting.Port.Refused(
                options.Port.ToString(CultureInfo.InvariantCulture),
                $"the node cannot listen on it at {address} ({taken.Message}). Use another port, or 0 for a free one");
        }
    }

    private static async Task<IPAddress> ResolveAsync(string host, NodeSetting setting)
    {
        try
        {
            // Akka.Remote prefers IPv4 addresses by default.
            var addresses = await Dns.GetHostAddressesAsync(host);
            return Array.Find(addresses, address => address.AddressFamily == AddressFamily.InterNetwork)
                ?? addresses.FirstOrDefault()
                ?? throw setting.Refused(host, "the name has no address");
        }
        catch (SocketException unknown)
        {
            throw setting.Refused(host, $"the name cannot be resolved ({unknown.Message})");
        }
    }

    private static long Mebibytes(long bytes) => bytes >> 20;
}
