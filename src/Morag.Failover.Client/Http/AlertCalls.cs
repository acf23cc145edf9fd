using System.Collections.Immutable;
using System.Text.Json;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Wire;
using static Morag.Failover.Client.Connection.AnswerJson;
using static Morag.Failover.Client.Http.HttpCalls;

namespace Morag.Failover.Client.Http;

/// <summary>The calls about alerts.</summary>
internal static class AlertCalls
{
    private const string Path = "/api/v1/alerts";

    /// <summary>The call of a message.</summary>
    /// <exception cref="NotSupportedException">The HTTP API has no call for it.</exception>
    public static HttpCall Of(IAlertMessage message) => message switch
    {
        ListAlerts list => Page(
            Path + Query(
                ("state", list.State),
                ("severity", list.Severity),
                ("component", list.Component),
                ("limit", list.Limit),
                ("after", list.After)),
            (answer, hasMore) => new AlertPage { Alerts = Read<ImmutableArray<Alert>>(answer), HasMore = hasMore }),
        GetAlert get => new(HttpMethod.Get, One(get.Id), null, ReadAlert),
        AcknowledgeAlert acknowledge => Post($"{One(acknowledge.Id)}/acknowledge", new { acknowledge.Note }, ReadAlert),
        UnacknowledgeAlert take => Post($"{One(take.Id)}/unacknowledge", new { take.Note }, ReadAlert),
        ListWebhooks => new(HttpMethod.Get, $"{Path}/webhooks", null, ReadWebhooks),
        TestWebhook test => Post($"{Path}/test-webhook", new { Webhook = test.Name }, ReadResults),
        GetAlertSettings => Get<AlertSettingsReport>($"{Path}/settings"),
        SetAlertSettings set => Post(
            $"{Path}/settings",
            new
            {
                set.Thresholds.RaiseAfterSeconds,
                set.Thresholds.ResolveAfterSeconds,
                set.Thresholds.QueueAgeSeconds,
                set.Thresholds.FlappingLosses,
                set.Thresholds.FailureRate,
                set.Thresholds.FailureRateAttempts,
                set.Thresholds.StoreLatencySeconds,
                set.Thresholds.StoreUse,
                Reset = set.Reset.ToArray(),
                Off = set.Off.ToArray(),
                On = set.On.ToArray(),
                set.Reason,
            },
            Read<AlertSettingsReport>),
        _ => throw new NotSupportedException($"{message.GetType().Name} has no call in this client"),
    };

    private static string One(string id) => $"{Path}/{Uri.EscapeDataString(id)}";

    private static WebhookList ReadWebhooks(JsonElement answer) => new() { Webhooks = Read<ImmutableArray<WebhookStatus>>(answer) };

    private static WebhookTestReport ReadResults(JsonElement answer) =>
        new() { Results = Read<ImmutableArray<WebhookTestResult>>(answer) };

    private static AlertReply ReadAlert(JsonElement answer) => new() { Alert = Read<Alert>(answer) };
}
