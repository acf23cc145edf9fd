using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Http.Alerts;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The alerts, and acknowledging them.</summary>
internal static class AlertPages
{
    private const string Shown = "50";

    public static void MapAlertPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/alerts", List);
        var actions = pages.MapGroup("/alerts/{id}").AddEndpointFilter<DashboardForms>();
        actions.MapPost("acknowledge", Acknowledge);
        actions.MapPost("unacknowledge", Unacknowledge);
    }

    private static async Task<IResult> List(
        HttpContext context, FailoverGateway gateway, DashboardView view, string? state, string? severity, string? after)
    {
        var wanted = new ListAlerts
        {
            State = Rules.OptionalEnum<AlertState>(state, "state"),
            Severity = Rules.OptionalEnum<AlertSeverity>(severity, "severity"),
        };
        var reading = AlertEndpoints.ReadPage(context, gateway, wanted, Shown, after);
        var (alerts, next) = await PageReads.Optional(context, "the alerts", reading);
        return TableFile.Of(
            context,
            "alerts",
            alerts ?? [],
            ("id", alert => alert.Id),
            ("severity", alert => alert.Severity),
            ("state", alert => alert.State),
            ("kind", alert => alert.Kind),
            ("component", alert => alert.Component),
            ("message", alert => alert.Message),
            ("raised_at", alert => alert.RaisedAt),
            ("acknowledged_by", alert => alert.AcknowledgedBy),
            ("resolved_at", alert => alert.ResolvedAt))
            ?? await view.Page<AlertsScreen, AlertsModel>(
                context, new() { Alerts = alerts, Next = next, State = wanted.State, Severity = wanted.Severity });
    }

    private static async Task<IResult> Acknowledge(HttpContext context, FailoverGateway gateway, OperatorLog log, string id)
    {
        var request = new AlertNoteRequest { Note = DashboardForms.Field(context, "note") };
        _ = await log.RunAsync(
            context, "acknowledge alert", id, request.Note, () => AlertEndpoints.Acknowledge(context, gateway, id, request));
        return DashboardView.Return(context, "/alerts", "acknowledge");
    }

    private static async Task<IResult> Unacknowledge(HttpContext context, FailoverGateway gateway, OperatorLog log, string id)
    {
        _ = await log.RunAsync(
            context,
            "take back the acknowledgement of alert",
            id,
            reason: null,
            () => AlertEndpoints.Unacknowledge(context, gateway, id, new()));
        return DashboardView.Return(context, "/alerts", "unacknowledge");
    }
}
