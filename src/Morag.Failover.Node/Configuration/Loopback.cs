using System.Net;

namespace Morag.Failover.Node.Configuration;

/// <summary>What counts as this machine only.</summary>
internal static class Loopback
{
    private const string Name = "localhost";

    /// <summary>
    /// Whether only this machine reaches a server that listens on this host. The web server binds any name other than <c>localhost</c> to
    /// all addresses.
    /// </summary>
    public static bool IsBinding(string host) =>
        host.Equals(Name, StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>
    /// Whether a host in a request always means this machine, so that no web site can have that name: the same, and names below
    /// <c>localhost</c>, which no public name server answers.
    /// </summary>
    public static bool IsReserved(string host) => IsBinding(host) || host.EndsWith($".{Name}", StringComparison.OrdinalIgnoreCase);
}
