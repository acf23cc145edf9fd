using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Failures;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary><c>GET /failures</c>: the failures with their decisions, newest first.</summary>
internal static class FailurePages
{
    private const string Shown = "50";

    public static void MapFailurePage(this IEndpointRouteBuilder pages) => pages.MapGet("/failures", List);

    private static async Task<IResult> List(
        HttpContext context, FailoverGateway gateway, DashboardView view, string? type, string? worker, string? after)
    {
        var wanted = new ListFailures
        {
            Partition = 0,
            Type = Rules.OptionalEnum<FailureType>(type, "type"),
            Worker = Rules.OptionalId<WorkerId>(worker?.Trim(), "worker"),
        };
        var reading = FailureEndpoints.ReadPage(context, gateway, wanted, Shown, after);
        var (decisions, next) = await PageReads.Optional(context, "every failure", reading);
        return TableFile.Of(
            context,
            "failures",
            decisions ?? [],
            ("occurred_at", decision => decision.FailureEvent.OccurredAt),
            ("task_id", decision => decision.TaskId),
            ("failure_type", decision => decision.FailureEvent.FailureType),
            ("worker_id", decision => decision.FailureEvent.WorkerId),
            ("error_message", decision => decision.FailureEvent.ErrorMessage),
            ("strategy", decision => decision.SelectedAction.Strategy),
            ("reason", decision => decision.SelectedAction.Reason),
            ("rule", decision => decision.DecisionMetadata.Rule),
            ("confidence", decision => decision.Confidence),
            ("outcome", decision => decision.DecisionMetadata.Outcome))
            ?? await view.Page<FailuresScreen, FailuresModel>(context, new()
            {
                Decisions = decisions,
                Next = next,
                Statistics = await PageReads.Optional(context, "every count of failures", FailureEndpoints.Count(context, gateway)),
                Type = wanted.Type,
                Worker = wanted.Worker,
            });
    }
}
