using Morag.Failover.Contracts.Audit;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Audit;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary><c>GET /audit</c>: what operators did, newest first.</summary>
internal static class AuditPages
{
    private const string Shown = "50";

    public static void MapAuditPage(this IEndpointRouteBuilder pages) => pages.MapGet("/audit", List);

    private static async Task<IResult> List(
        HttpContext context, FailoverGateway gateway, DashboardView view, string? by, string? action, string? target, string? after)
    {
        var wanted = new ListAudit
        {
            Partition = 0,
            By = AuditEndpoints.Text(by?.Trim(), "by"),
            Action = Rules.OptionalEnum<AuditAction>(action, "action"),
            Target = AuditEndpoints.Text(target?.Trim(), "target"),
        };
        var (entries, next) = await PageReads.Optional(
            context, "everything that operators did", AuditEndpoints.ReadPage(context, gateway, wanted, Shown, after));
        return AuditEndpoints.FileOf(context.Request.Query["format"], entries ?? [])
            ?? await view.Page<AuditScreen, AuditModel>(context, new()
            {
                Entries = entries,
                Next = next,
                By = wanted.By,
                Action = wanted.Action,
                Target = wanted.Target,
            });
    }
}
