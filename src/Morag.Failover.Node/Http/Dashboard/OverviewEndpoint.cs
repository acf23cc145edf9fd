using Akka.Actor;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Domain.Activity;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary><c>GET /</c>: how everything is, what needs attention, and what happened over time.</summary>
internal static class OverviewEndpoint
{
    public static void MapOverview(this IEndpointRouteBuilder pages) => pages.MapGet("/", Show);

    private static async Task<IResult> Show(
        HttpContext context,
        DashboardView view,
        ActorSystem system,
        OverviewReader overview,
        NodeAnnouncements announcements,
        ActivityRecorder activity,
        string? range)
    {
        var reading = await overview.ReadAsync();
        Answer.AddMissingParts(context, reading.Missing);
        var cluster = Akka.Cluster.Cluster.Get(system);
        return await view.Page<OverviewScreen, OverviewModel>(context, new()
        {
            Workers = reading.Workers,
            Queues = reading.Queues,
            Failures = reading.Failures,
            Oldest = reading.Oldest,
            OwnersDown = reading.OwnersDown,
            OpenAlerts = reading.OpenAlerts ?? [],
            IsComplete = reading.Missing.Count == 0,
            Nodes = announcements.List(cluster.State, cluster.SelfUniqueAddress),
            Activity = activity.Rollups,
            Range = ActivityRange.Named(range),
            Now = view.Now,
        });
    }
}
