using Akka.Actor;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Domain.Activity;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Failures;
using Morag.Failover.Node.Http.Queues;
using Morag.Failover.Node.Http.Workers;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary><c>GET /</c>: how everything is, what needs attention, and what happened over time.</summary>
internal static class OverviewEndpoint
{
    public static void MapOverview(this IEndpointRouteBuilder pages) => pages.MapGet("/", Show);

    private static async Task<IResult> Show(
        HttpContext context,
        FailoverGateway gateway,
        DashboardView view,
        ActorSystem system,
        OwnerHealth health,
        NodeAnnouncements announcements,
        ActivityRecorder activity,
        string? range)
    {
        var workers = WorkerEndpoints.Count(context, gateway);
        var queues = QueueEndpoints.Count(context, gateway);
        var failures = FailureEndpoints.Count(context, gateway);
        var alerts = await ClusterAlerts.ReadAsync(system, health, context.RequestAborted);
        Answer.AddMissingParts(context, alerts.SilentNodes.Select(node => $"node {node}"));
        var cluster = Akka.Cluster.Cluster.Get(system);
        return await view.Page<OverviewScreen, OverviewModel>(context, new()
        {
            Workers = await workers,
            Queues = [.. await queues],
            Failures = await failures,
            Alerts = alerts.Alerts,
            Nodes = announcements.List(cluster.State, cluster.SelfUniqueAddress),
            Activity = activity.Rollups,
            Range = ActivityRange.Named(range),
            Now = view.Now,
        });
    }
}
