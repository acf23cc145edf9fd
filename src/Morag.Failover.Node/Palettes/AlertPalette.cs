using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag alert</c>: what needs attention.</summary>
internal static class AlertPalette
{
    private static readonly PaletteParameter Id = InPath("alert", "The number of the alert");
    private static readonly PaletteParameter Note = InBody("note", "A note for others, shown with the alert") with
    {
        MaxBytes = CallLimits.MaxReasonBytes,
    };

    public static Palette Alert { get; } = new()
    {
        Name = "alert",
        Summary = "See what needs attention, and take care of it",
        Commands =
        [
            Get("list", "/alerts", "List alerts, those that were raised last first") with
            {
                Options =
                [
                    InQuery("state", "Only alerts in this state").OneOf<AlertState>(),
                    InQuery("severity", "Only alerts of this severity").OneOf<AlertSeverity>(),
                    InQuery("component", "Only alerts about this queue, worker, node or owner"),
                ],
                Paged = true,
                Columns =
                [
                    Column("alert", "id"),
                    Column("state", "state"),
                    Column("severity", "severity"),
                    Column("kind", "kind"),
                    Column("component", "component"),
                    Column("raised", "raised_at", ColumnFormat.Time),
                    Column("by", "acknowledged_by"),
                    Column("message", "message"),
                ],
            },
            One(Get("show", "/alerts/{alert}", "Show an alert")),
            One(Post("ack", "/alerts/{alert}/acknowledge", "Acknowledge an alert: tell others that you take care of it")) with
            {
                Options = [Note],
            },
            One(Post("unack", "/alerts/{alert}/unacknowledge", "Take back the acknowledgement of an alert")) with { Options = [Note] },
            Get("webhooks", "/alerts/webhooks", "List the configured webhooks, and how sending alerts to each goes") with
            {
                Columns =
                [
                    Column("webhook", "name"),
                    Column("host", "host"),
                    Column("format", "format"),
                    Column("from", "min_severity"),
                    Column("pending", "pending"),
                    Column("dropped", "dropped"),
                    Column("delivered", "delivered_at", ColumnFormat.Time),
                    Column("failures", "failures"),
                    Column("last failure", "last_failure"),
                ],
            },
            Post("test-webhook", "/alerts/test-webhook", "Send a test to webhooks") with
            {
                Options = [InBody("webhook", "The webhook; all if it is not given")],
                Columns = [Column("webhook", "name"), Column("delivered", "delivered"), Column("detail", "detail")],
            },
            Settings(Get("settings", "/alerts/settings", "Show the thresholds of alerts")),
            Settings(Post("set", "/alerts/settings", "Change thresholds of alerts until they are reset, or turn rules on or off")) with
            {
                Options =
                [
                    InBody("reason", "The reason, kept with the change") with { Required = true, MaxBytes = CallLimits.MaxReasonBytes },
                    Seconds("raise-after", "Seconds that a condition must hold", 0, AlertThresholds.MaxWaitSeconds),
                    Seconds("resolve-after", "Seconds that a condition must be over", 0, AlertThresholds.MaxWaitSeconds),
                    Seconds(
                        "queue-age",
                        "Seconds that a task may wait in its queue",
                        AlertThresholds.MinQueueAgeSeconds,
                        AlertThresholds.MaxQueueAgeSeconds),
                    WholeInBody(
                        "flapping-losses",
                        "Losses of one worker within an hour that count as flapping",
                        AlertThresholds.MinFlappingLosses,
                        AlertThresholds.MaxFlappingLosses),
                    NumberInBody("failure-rate", "Share of attempts that may fail", 0, 1),
                    WholeInBody(
                        "failure-rate-attempts",
                        "Attempts below which the failure rate is not judged",
                        AlertThresholds.MinFailureRateAttempts,
                        AlertThresholds.MaxFailureRateAttempts),
                    Seconds("store-latency", "Seconds that a write to the store may take", 0, AlertThresholds.MaxStoreLatencySeconds),
                    NumberInBody("store-use", "Share of the store's memory that may be in use", 0, 1),
                    InBody("reset", "Thresholds that follow the configuration again, separated by commas", ParameterType.List)
                        .OneOf<AlertThreshold>(),
                    InBody("off", "Rules to turn off, separated by commas", ParameterType.List).OneOf<AlertKind>(),
                    InBody("on", "Rules to turn on, separated by commas", ParameterType.List).OneOf<AlertKind>(),
                ],
            },
        ],
    };

    private static PaletteParameter Seconds(string name, string help, double least, double most) =>
        NumberInBody(name, help, least, most) with { Field = $"{name.Replace('-', '_')}_seconds" };

    private static PaletteCommand One(PaletteCommand command) => command with
    {
        Arguments = [Id],
        View = PaletteView.Record,
        Columns =
        [
            Column("alert", "id"),
            Column("state", "state"),
            Column("severity", "severity"),
            Column("kind", "kind"),
            Column("component", "component"),
            Column("message", "message"),
            Column("value", "value"),
            Column("threshold", "threshold"),
            Column("raised", "raised_at", ColumnFormat.Time),
            Column("acknowledged", "acknowledged_at", ColumnFormat.Time),
            Column("by", "acknowledged_by"),
            Column("note", "note"),
            Column("resolved", "resolved_at", ColumnFormat.Time),
        ],
    };

    private static PaletteCommand Settings(PaletteCommand command) => command with
    {
        View = PaletteView.Record,
        Columns =
        [
            Column("raise after, s", "thresholds.raise_after_seconds"),
            Column("resolve after, s", "thresholds.resolve_after_seconds"),
            Column("queue age, s", "thresholds.queue_age_seconds"),
            Column("flapping losses", "thresholds.flapping_losses"),
            Column("failure rate", "thresholds.failure_rate"),
            Column("failure rate attempts", "thresholds.failure_rate_attempts"),
            Column("store latency, s", "thresholds.store_latency_seconds"),
            Column("store use", "thresholds.store_use"),
            Column("off", "off"),
            Column("changed", "overridden"),
            Column("changed by", "changed.by"),
            Column("changed at", "changed.at", ColumnFormat.Time),
            Column("changed because", "changed.reason"),
        ],
    };
}
