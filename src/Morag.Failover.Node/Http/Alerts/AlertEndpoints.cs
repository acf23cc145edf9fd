using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Alerts;

/// <summary>What needs attention: listing and acknowledging alerts, and their thresholds.</summary>
internal static class AlertEndpoints
{
    private const int MaxComponentBytes = 300;

    private static readonly string LongestPage = CallLimits.MaxPage.ToString(CultureInfo.InvariantCulture);

    public static void MapAlerts(this IEndpointRouteBuilder api)
    {
        var alerts = api.MapGroup("/alerts").WithTags("Alerts");
        alerts.MapGet("", List).Describes<Alert[]>(
            "List alerts, those that were raised last first, paged; filter by state, severity and component");
        alerts.MapGet("{alert}", Get).Refuses(StatusCodes.Status404NotFound).Describes<Alert>("Get an alert, open or resolved");
        alerts.MapPost("{alert}/acknowledge", AcknowledgeFromBody).Reads<AlertNoteRequest>()
            .Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict)
            .Describes<Alert>("Operator: acknowledge an open alert, with a note for others");
        alerts.MapPost("{alert}/unacknowledge", UnacknowledgeFromBody).Reads<AlertNoteRequest>()
            .Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict)
            .Describes<Alert>("Operator: take back the acknowledgement of an open alert");
        alerts.MapGet("settings", GetSettings)
            .Describes<AlertSettingsReport>("Get the thresholds of alerts, configured and in force, and the rules that are off");
        alerts.MapPost("settings", SetSettingsFromBody).Reads<AlertSettingsRequest>().Describes<AlertSettingsReport>(
            "Operator: change thresholds and turn rules on or off; this takes precedence over the configuration until it is reset");
        alerts.MapGet("webhooks", ListWebhooks)
            .Describes<WebhookStatus[]>("List the configured webhooks, and how sending alerts to each goes");
        alerts.MapPost("test-webhook", Test).Reads<WebhookTestRequest>()
            .Refuses(StatusCodes.Status404NotFound)
            .Describes<WebhookTestResult[]>("Operator: send a test to one webhook or to all, once");
    }

    private static async Task<IResult> ListWebhooks(HttpContext context, FailoverGateway gateway) =>
        Answer.Ok((await gateway.AskAlerts<WebhookList>(new ListWebhooks(), context.RequestAborted)).Webhooks);

    private static async Task<IResult> Test(HttpContext context, FailoverGateway gateway)
    {
        var request = await JsonBody.Read<WebhookTestRequest>(context);
        var test = new TestWebhook
        {
            Name = string.IsNullOrEmpty(request.Webhook) ? null : Rules.Text(request.Webhook, MaxComponentBytes, "webhook"),
        };
        var report = await gateway.Ask<WebhookTestReport>(
            gateway.Regions.Alerts, test, gateway.Settings.Alerts.WebhookTimeout, context.RequestAborted);
        return Answer.Ok(report.Results);
    }

    private static async Task<IResult> List(
        HttpContext context,
        FailoverGateway gateway,
        string? state,
        string? severity,
        string? component,
        string? limit,
        string? after)
    {
        var wanted = new ListAlerts
        {
            State = Rules.OptionalEnum<AlertState>(state, "state"),
            Severity = Rules.OptionalEnum<AlertSeverity>(severity, "severity"),
            Component = string.IsNullOrEmpty(component) ? null : Rules.Text(component, MaxComponentBytes, "component"),
        };
        var (alerts, next) = await ReadPage(context, gateway, wanted, limit, after);
        return Answer.Page(context, alerts, next);
    }

    /// <summary>One page of alerts, and where the next one begins.</summary>
    internal static async Task<(List<Alert> Alerts, string? Next)> ReadPage(
        HttpContext context, FailoverGateway gateway, ListAlerts wanted, string? limit, string? after)
    {
        var page = await gateway.AskAlerts<AlertPage>(
            wanted with { Limit = Rules.Limit(limit), After = string.IsNullOrEmpty(after) ? null : Number(after, "after") },
            context.RequestAborted);
        return ([.. page.Alerts], page.HasMore ? page.Alerts[^1].Id : null);
    }

    /// <summary>All alerts that a query selects. <c>max-open-of-kind</c> limits the open ones.</summary>
    internal static async Task<List<Alert>> ReadAll(HttpContext context, FailoverGateway gateway, ListAlerts wanted)
    {
        List<Alert> all = [];
        string? after = null;
        do
        {
            (var alerts, after) = await ReadPage(context, gateway, wanted, LongestPage, after);
            all.AddRange(alerts);
        }
        while (after is not null);
        return all;
    }

    private static Task<IResult> Get(HttpContext context, FailoverGateway gateway, string alert) =>
        Ask(context, gateway, new GetAlert { Id = Number(alert, "alert") });

    private static async Task<IResult> AcknowledgeFromBody(HttpContext context, FailoverGateway gateway, string alert) =>
        await Acknowledge(context, gateway, alert, await JsonBody.Read<AlertNoteRequest>(context));

    /// <summary>Acknowledges an alert.</summary>
    internal static Task<IResult> Acknowledge(HttpContext context, FailoverGateway gateway, string alert, AlertNoteRequest request) =>
        Ask(context, gateway, new AcknowledgeAlert
        {
            Id = Number(alert, "alert"),
            Note = Rules.Text(request.Note ?? "", CallLimits.MaxReasonBytes, "note"),
            By = context.CallerName(),
        });

    private static async Task<IResult> UnacknowledgeFromBody(HttpContext context, FailoverGateway gateway, string alert) =>
        await Unacknowledge(context, gateway, alert, await JsonBody.Read<AlertNoteRequest>(context));

    /// <summary>Takes back an acknowledgement.</summary>
    internal static Task<IResult> Unacknowledge(HttpContext context, FailoverGateway gateway, string alert, AlertNoteRequest request) =>
        Ask(context, gateway, new UnacknowledgeAlert
        {
            Id = Number(alert, "alert"),
            Note = Rules.Text(request.Note ?? "", CallLimits.MaxReasonBytes, "note"),
            By = context.CallerName(),
        });

    private static async Task<IResult> GetSettings(HttpContext context, FailoverGateway gateway) =>
        Answer.Ok(await ReadSettings(context, gateway));

    /// <summary>The thresholds, and the rules that are off.</summary>
    internal static Task<AlertSettingsReport> ReadSettings(HttpContext context, FailoverGateway gateway) =>
        gateway.AskAlerts<AlertSettingsReport>(new GetAlertSettings(), context.RequestAborted);

    private static async Task<IResult> SetSettingsFromBody(HttpContext context, FailoverGateway gateway) =>
        await SetSettings(context, gateway, await JsonBody.Read<AlertSettingsRequest>(context));

    /// <summary>Changes thresholds, and turns rules on and off.</summary>
    internal static async Task<IResult> SetSettings(HttpContext context, FailoverGateway gateway, AlertSettingsRequest request)
    {
        var kinds = Enum.GetValues<AlertKind>().Length;
        return Answer.Ok(await gateway.AskAlerts<AlertSettingsReport>(
            new SetAlertSettings
            {
                Thresholds = new AlertThresholds
                {
                    RaiseAfterSeconds = request.RaiseAfterSeconds,
                    ResolveAfterSeconds = request.ResolveAfterSeconds,
                    QueueAgeSeconds = request.QueueAgeSeconds,
                    FlappingLosses = request.FlappingLosses,
                    FailureRate = request.FailureRate,
                    FailureRateAttempts = request.FailureRateAttempts,
                    StoreLatencySeconds = request.StoreLatencySeconds,
                    StoreUse = request.StoreUse,
                },
                Reset = [.. Rules.AtMost(request.Reset, Enum.GetValues<AlertThreshold>().Length, "reset")],
                Off = [.. Rules.AtMost(request.Off, kinds, "off")],
                On = [.. Rules.AtMost(request.On, kinds, "on")],
                Reason = Rules.Reason(request.Reason),
                By = context.CallerName(),
            },
            context.RequestAborted));
    }

    private static async Task<IResult> Ask(HttpContext context, FailoverGateway gateway, IAlertMessage message) =>
        Answer.Ok((await gateway.AskAlerts<AlertReply>(message, context.RequestAborted)).Alert);

    private static string Number(string text, string field) => text.Length is > 0 and < 19 && text.All(char.IsAsciiDigit)
        ? text
        : throw ProblemException.Invalid(field, "must be the number of an alert, such as 17");
}

/// <summary>An operator acknowledges an alert, or takes that back.</summary>
internal sealed record AlertNoteRequest
{
    /// <summary>A note for others, at most 1000 bytes.</summary>
    public string? Note { get; init; }
}

/// <summary>An operator sends a test to webhooks.</summary>
internal sealed record WebhookTestRequest
{
    /// <summary>The name of the webhook; all if it is not given.</summary>
    public string? Webhook { get; init; }
}

/// <summary>An operator changes thresholds of alerts, or turns rules on or off. What is not given stays as it is.</summary>
internal sealed record AlertSettingsRequest
{
    /// <summary>How long a condition must hold before its alert is raised, in seconds, 0 to 3600.</summary>
    public double? RaiseAfterSeconds { get; init; }

    /// <summary>How long a condition must be over before its alert is resolved, in seconds, 0 to 3600.</summary>
    public double? ResolveAfterSeconds { get; init; }

    /// <summary>How long a task may wait in its queue, in seconds, 1 to 2592000.</summary>
    public double? QueueAgeSeconds { get; init; }

    /// <summary>The losses of one worker within an hour that count as flapping, 2 to 100.</summary>
    public int? FlappingLosses { get; init; }

    /// <summary>The share of attempts that may fail, above 0 and at most 1.</summary>
    public double? FailureRate { get; init; }

    /// <summary>The attempts below which the failure rate is not judged, 1 to 1000000.</summary>
    public int? FailureRateAttempts { get; init; }

    /// <summary>How long a write to the store may take, in seconds, above 0 and at most 60.</summary>
    public double? StoreLatencySeconds { get; init; }

    /// <summary>The share of the store's memory that may be in use, above 0 and at most 1.</summary>
    public double? StoreUse { get; init; }

    /// <summary>The thresholds that follow the configuration again.</summary>
    public AlertThreshold[]? Reset { get; init; }

    /// <summary>The rules to turn off. Their open alerts are resolved.</summary>
    public AlertKind[]? Off { get; init; }

    /// <summary>The rules to turn on.</summary>
    public AlertKind[]? On { get; init; }

    /// <summary>The reason. Required.</summary>
    [Required]
    public string? Reason { get; init; }
}
