using Akka.Actor;

namespace Morag.Failover.Node.Http.Health;

/// <summary>One thing that must be well for this node to get calls.</summary>
/// <param name="Name">What it is about, such as <c>journal</c>.</param>
/// <param name="IsWell">Whether it is well now; throwing, or taking longer than two seconds, means that it is not.</param>
public sealed record ReadinessCheck(string Name, Func<CancellationToken, Task<bool>> IsWell)
{
    /// <summary>This node is a member of the cluster, and up.</summary>
    public static ReadinessCheck ClusterMembership(ActorSystem system) =>
        new("cluster", _ => Task.FromResult(Akka.Cluster.Cluster.Get(system).SelfMember.Status == Akka.Cluster.MemberStatus.Up));
}
