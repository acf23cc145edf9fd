using System.Globalization;
using Akka.Cluster;

namespace Morag.Failover.Node.Cluster;

/// <summary>The id of a member's process. A process that restarts at the same address has another one.</summary>
internal static class MemberId
{
    /// <summary>The id of a member, as host:port#uid.</summary>
    public static string Of(UniqueAddress member) =>
        string.Create(CultureInfo.InvariantCulture, $"{member.Address.Host}:{member.Address.Port}#{member.Uid}");
}
