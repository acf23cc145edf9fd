using System.Globalization;
using Akka.Actor;
using Akka.Cluster;

namespace Morag.Failover.Node.Cluster;

/// <summary>The id of a member's process. A process that restarts at the same address has another one.</summary>
internal static class MemberId
{
    /// <summary>The id of a member, as host:port#uid.</summary>
    public static string Of(UniqueAddress member) =>
        string.Create(CultureInfo.InvariantCulture, $"{AddressOf(member.Address)}#{member.Uid}");

    /// <summary>An address as host:port.</summary>
    public static string AddressOf(Address address) => string.Create(CultureInfo.InvariantCulture, $"{address.Host}:{address.Port}");

    /// <summary>The host:port in an id.</summary>
    public static string AddressIn(string id) => id.LastIndexOf('#') is var end and >= 0 ? id[..end] : id;

    /// <summary>The host and the port in an id or in a host:port; null if it is neither, as after damage to Redis.</summary>
    public static (string Host, int Port)? EndpointIn(string id)
    {
        var address = AddressIn(id);
        return address.LastIndexOf(':') is var colon and > 0
            && ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
                ? (address[..colon], port)
                : null;
    }
}
