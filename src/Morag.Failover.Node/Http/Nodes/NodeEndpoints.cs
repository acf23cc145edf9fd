using Akka.Actor;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Nodes;

/// <summary><c>GET /cluster/nodes</c>: the nodes of the cluster, and the addresses of their HTTP APIs.</summary>
internal static class NodeEndpoints
{
    public static void MapNodes(this IEndpointRouteBuilder api) => api.MapGet("/cluster/nodes", List)
        .WithTags("Cluster")
        .OpenToAll()
        .Describes<ClusterNode[]>("The nodes of the cluster as this node sees them, with the addresses that they announce");

    private static IResult List(ActorSystem system, NodeAnnouncements announcements)
    {
        var cluster = Akka.Cluster.Cluster.Get(system);
        return Answer.Ok(announcements.List(cluster.State, cluster.SelfUniqueAddress));
    }
}
