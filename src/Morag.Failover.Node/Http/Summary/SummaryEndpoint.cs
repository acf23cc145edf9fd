using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Summary;

/// <summary><c>GET /dashboard</c>: the state of everything in one document, for pages that others build.</summary>
internal static class SummaryEndpoint
{
    public static void MapSummary(this IEndpointRouteBuilder api) => api.MapGroup("/dashboard").WithTags("Dashboard")
        .MapGet("", Get).CanBeIncomplete().Describes<SummaryAnswer>(
            "The cluster, queues, workers, recent tasks, open alerts, and statistics by hour and day, in one document");

    private static async Task<IResult> Get(HttpContext context, SummaryReader reader)
    {
        var summary = await reader.ReadAsync();
        Answer.AddMissingParts(context, summary.Incomplete);
        return Answer.Ok(summary);
    }
}
