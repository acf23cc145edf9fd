using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Http.Alerts;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The alerts and acknowledging them, and the thresholds at which they are raised.</summary>
internal static class AlertPages
{
    private const string Shown = "50";

    public static void MapAlertPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/alerts", List);
        var actions = pages.MapGroup("/alerts/{id}").AddEndpointFilter<DashboardForms>();
        actions.MapPost("acknowledge", Acknowledge);
        actions.MapPost("unacknowledge", Unacknowledge);
        pages.MapGet("/alerts/settings", ShowSettings);
        pages.MapGroup("/alerts/settings").AddEndpointFilter<DashboardForms>().MapPost("change", ChangeSettings);
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

    private static async Task<IResult> ShowSettings(HttpContext context, FailoverGateway gateway, DashboardView view)
    {
        var report = await PageReads.Optional(context, "the thresholds of alerts", AlertEndpoints.ReadSettings(context, gateway));
        return await view.Page<AlertSettingsScreen, AlertSettingsModel>(context, new(report));
    }

    private static async Task<IResult> ChangeSettings(HttpContext context, FailoverGateway gateway, OperatorLog log)
    {
        var request = RequestOf(context);
        _ = await log.RunAsync(
            context, "change thresholds of", "alerts", request.Reason, () => AlertEndpoints.SetSettings(context, gateway, request));
        return DashboardView.Return(context, "/alerts/settings", "thresholds");
    }

    /// <summary>The changes in a form, whose fields are those of <see cref="AlertSettingsModel.Fields"/>.</summary>
    internal static AlertSettingsRequest RequestOf(HttpContext context) => new()
    {
        RaiseAfterSeconds = DashboardForms.Number(context, "raise_after_seconds"),
        ResolveAfterSeconds = DashboardForms.Number(context, "resolve_after_seconds"),
        QueueAgeSeconds = DashboardForms.Number(context, "queue_age_seconds"),
        FlappingLosses = DashboardForms.WholeNumber(context, "flapping_losses"),
        FailureRate = DashboardForms.Number(context, "failure_rate"),
        FailureRateAttempts = DashboardForms.WholeNumber(context, "failure_rate_attempts"),
        StoreLatencySeconds = DashboardForms.Number(context, "store_latency_seconds"),
        StoreUse = DashboardForms.Number(context, "store_use"),
        Reset = DashboardForms.Ticked<AlertThreshold>(context, "reset"),
        Off = DashboardForms.Ticked<AlertKind>(context, "off"),
        On = DashboardForms.Ticked<AlertKind>(context, "on"),
        Reason = DashboardForms.Field(context, "reason"),
    };

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
