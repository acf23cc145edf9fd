using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Configuration;

/// <summary>Reads <see cref="AlertSettings"/> from <c>morag.failover.alerts</c>.</summary>
internal static class AlertSettingsReader
{
    public static AlertSettings Read(SettingsSection section) => new()
    {
        CheckInterval = section.Duration("check-interval", "1s", "10m"),
        RaiseAfter = section.Duration("raise-after", "0s", "1h"),
        ResolveAfter = section.Duration("resolve-after", "0s", "1h"),
        Hysteresis = section.Number("hysteresis", 0, 0.5),
        QueueAge = section.Duration("queue-age", "1s", "30d"),
        FlappingLosses = section.Integer("flapping-losses", AlertThresholds.MinFlappingLosses, AlertThresholds.MaxFlappingLosses),
        FailureRate = section.Number("failure-rate", 0, 1, aboveLeast: true),
        FailureRateAttempts = section.Integer(
            "failure-rate-attempts", AlertThresholds.MinFailureRateAttempts, AlertThresholds.MaxFailureRateAttempts),
        FailureRateWindow = section.Duration("failure-rate-window", "10s", "1h"),
        StoreLatency = section.Duration("store-latency", "1ms", "1m"),
        StoreUse = section.Number("store-use", 0, 1, aboveLeast: true),
        Off =
        [
            .. Names(section.Text("off")).Select(name => WireEnum<AlertKind>.TryParse(name, out var kind)
                ? kind
                : throw section.Refused("off", name, $"allowed are {string.Join(", ", WireName.All<AlertKind>())}")),
        ],
        MaxOpenOfKind = section.Integer("max-open-of-kind", 1, 1_000),
        ResolvedKept = section.Integer("resolved-kept", 0, 10_000),
        ResolvedKeptFor = section.Duration("resolved-kept-for", "1m", "365d"),
        WebhookTimeout = section.Duration("webhook-timeout", "1s", "1m"),
        WebhookGiveUpAfter = section.Duration("webhook-give-up-after", "1m", "30d"),
    };

    private static string[] Names(string list) =>
        list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
