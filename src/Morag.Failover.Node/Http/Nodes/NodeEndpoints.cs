using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Nodes;

/// <summary>
/// <c>GET /cluster/nodes</c>: the nodes of the cluster, and the addresses of their HTTP APIs. <c>GET /cluster/status</c>: their state in
/// numbers. <c>GET /cluster/alerts</c>: the owners of state that fail.
/// </summary>
internal static class NodeEndpoints
{
    public static void MapNodes(this IEndpointRouteBuilder api)
    {
        var cluster = api.MapGroup("/cluster").WithTags("Cluster");
        cluster.MapGet("nodes", List).OpenToAll()
            .Describes<ClusterNode[]>("The nodes of the cluster as this node sees them, with the addresses that they announce");
        cluster.MapGet("status", Status).Describes<ClusterStatus>("The state of the cluster in numbers, as this node sees it");
        cluster.MapGet("alerts", Alerts).CanBeIncomplete().Describes<OwnerAlert[]>(
            "The owners that fail on any node, with the reason and since when; empty if all work");
    }

    private static async Task<IResult> Alerts(HttpContext context, ActorSystem system, OwnerHealth health)
    {
        var alerts = await ClusterAlerts.ReadAsync(system, health, context.RequestAborted);
        Answer.AddMissingParts(context, alerts.SilentNodes.Select(node => $"node {node}"));
        if (alerts.More > 0)
        {
            Answer.AddMissingParts(context, [Counted.Of(alerts.More, "more alert")]);
        }

        return Answer.Ok(alerts.Alerts);
    }

    private static IResult List(ActorSystem system, NodeAnnouncements announcements) => Answer.Ok(NodesOf(system, announcements));

    /// <summary>The nodes, as this one sees them.</summary>
    internal static ImmutableArray<ClusterNode> NodesOf(ActorSystem system, NodeAnnouncements announcements)
    {
        var cluster = Akka.Cluster.Cluster.Get(system);
        return announcements.List(cluster.State, cluster.SelfUniqueAddress, OwnerRole.Of(system));
    }

    private static IResult Status(ActorSystem system, OwnerHealth health) => Answer.Ok(StatusOf(system, health));

    /// <summary>The state of the cluster in numbers, as this node sees it.</summary>
    internal static ClusterStatus StatusOf(ActorSystem system, OwnerHealth health)
    {
        var cluster = Akka.Cluster.Cluster.Get(system);
        var state = cluster.State;
        var members = state.Members.Where(member => member.Status != MemberStatus.Removed).ToList();
        return new ClusterStatus
        {
            Node = NodeName.Of(cluster.SelfAddress),
            Nodes = members.Count,
            Up = members.Count(member => member.Status == MemberStatus.Up),
            Unreachable = [.. state.Unreachable.Select(member => NodeName.Of(member.Address)).Order(StringComparer.Ordinal)],
            Moving =
            [
                .. members.Where(member => member.Status != MemberStatus.Up)
                    .Select(member => $"{NodeName.Of(member.Address)} {WireName.Of(member.Status)}")
                    .Order(StringComparer.Ordinal),
            ],
            Leader = state.Leader is { } leader ? NodeName.Of(leader) : null,
            Oldest = NodeAnnouncements.OldestOwner(state, OwnerRole.Of(system)) is { } oldest ? NodeName.Of(oldest.Address) : null,
            Converged = state.Unreachable.IsEmpty && members.TrueForAll(member => state.SeenBy.Contains(member.Address)),
            OwnersDown = health.Down.Count,
        };
    }
}
