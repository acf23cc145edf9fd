using System.Reflection;
using Akka.Actor;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http.Actors;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary><c>GET /cluster</c>: the nodes, the owners that fail, and what this node runs.</summary>
internal static class ClusterPage
{
    private static readonly string Version = typeof(ClusterPage).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public static void MapClusterPage(this IEndpointRouteBuilder pages) => pages.MapGet("/cluster", Show);

    private static async Task<IResult> Show(
        HttpContext context,
        FailoverGateway gateway,
        DashboardView view,
        ActorSystem system,
        OwnerHealth health,
        NodeAnnouncements announcements)
    {
        var cluster = Akka.Cluster.Cluster.Get(system);
        var nodes = announcements.List(cluster.State, cluster.SelfUniqueAddress);
        if (TableFile.Of(
            context,
            "nodes",
            nodes,
            ("node", node => node.Node),
            ("status", node => node.Status),
            ("reachable", node => node.Reachable),
            ("roles", node => string.Join(' ', node.Roles)),
            ("address", node => node.Address)) is { } file)
        {
            return file;
        }

        var alerts = await ClusterAlerts.ReadAsync(system, health, context.RequestAborted);
        Answer.AddMissingParts(context, alerts.SilentNodes.Select(node => $"node {node}"));
        var tree = await ActorEndpoints.ReadTree(context, gateway, system);
        return await view.Page<ClusterScreen, ClusterModel>(context, new()
        {
            Nodes = nodes,
            Alerts = alerts.Alerts,
            Regions = [.. tree.Children.Select(region => new HostedRegion(
                region.Name, region.Children.Length, region.Entities ?? 0, region.Problem))],
            Version = Version,
        });
    }
}
