using System.Globalization;

namespace Morag.Failover.Actors.Outages;

/// <summary>The name of a node for people and in what is stored: its host and port.</summary>
public static class NodeName
{
    /// <summary>The name of the node at an address, or the name of its actor system if it has no remoting.</summary>
    public static string Of(Address node) => (node ?? throw new ArgumentNullException(nameof(node))).Host is null
        ? node.System
        : string.Create(CultureInfo.InvariantCulture, $"{(node.Host.Contains(':') ? $"[{node.Host}]" : node.Host)}:{node.Port}");
}
