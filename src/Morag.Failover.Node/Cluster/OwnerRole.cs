using Akka.Actor;

namespace Morag.Failover.Node.Cluster;

/// <summary>The role of the nodes that hold owners.</summary>
internal static class OwnerRole
{
    /// <summary>The role; empty if every node holds owners.</summary>
    public static string Of(ActorSystem system) => system.Settings.Config.GetString("akka.cluster.sharding.role", "") ?? "";
}
