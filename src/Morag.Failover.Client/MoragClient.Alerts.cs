using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Wire;
using System.Collections.Immutable;

namespace Morag.Failover.Client;

/// <content>Reading and acknowledging alerts.</content>
public sealed partial class MoragClient
{
    /// <inheritdoc />
    public IAsyncEnumerable<Alert> ListAlertsAsync(AlertFilter? filter = null, CancellationToken cancellation = default) =>
        ListAsync<AlertPage, Alert>(
            last => new ListAlerts
            {
                State = filter?.State,
                Severity = filter?.Severity,
                Component = filter?.Component,
                After = last?.Id,
                Limit = CallLimits.MaxPage,
            },
            page => (page.Alerts, page.HasMore),
            cancellation);

    /// <inheritdoc />
    public async Task<Alert> GetAlertAsync(string alert, CancellationToken cancellation = default) =>
        (await AskAsync<AlertReply>(new GetAlert { Id = Checked(alert) }, cancellation)).Alert;

    /// <inheritdoc />
    public async Task<Alert> AcknowledgeAlertAsync(string alert, string note = "", CancellationToken cancellation = default) =>
        (await AskAsync<AlertReply>(new AcknowledgeAlert { Id = Checked(alert), Note = note }, cancellation)).Alert;

    /// <inheritdoc />
    public async Task<Alert> UnacknowledgeAlertAsync(string alert, string note = "", CancellationToken cancellation = default) =>
        (await AskAsync<AlertReply>(new UnacknowledgeAlert { Id = Checked(alert), Note = note }, cancellation)).Alert;

    /// <inheritdoc />
    public Task<AlertSettingsReport> GetAlertSettingsAsync(CancellationToken cancellation = default) =>
        AskAsync<AlertSettingsReport>(new GetAlertSettings(), cancellation);

    /// <inheritdoc />
    public Task<AlertSettingsReport> SetAlertSettingsAsync(
        AlertThresholds thresholds,
        string reason,
        IEnumerable<AlertThreshold>? reset = null,
        IEnumerable<AlertKind>? off = null,
        IEnumerable<AlertKind>? on = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(thresholds);
        return AskAsync<AlertSettingsReport>(
            new SetAlertSettings
            {
                Thresholds = thresholds,
                Reset = [.. reset ?? []],
                Off = [.. off ?? []],
                On = [.. on ?? []],
                Reason = reason,
            },
            cancellation);
    }

    /// <inheritdoc />
    public async Task<ImmutableArray<WebhookStatus>> ListWebhooksAsync(CancellationToken cancellation = default) =>
        (await AskAsync<WebhookList>(new ListWebhooks(), cancellation)).Webhooks;

    /// <inheritdoc />
    public async Task<ImmutableArray<WebhookTestResult>> TestWebhooksAsync(
        string? webhook = null, CancellationToken cancellation = default) =>
        (await AskAsync<WebhookTestReport>(new TestWebhook { Name = webhook }, cancellation)).Results;

    private static string Checked(string alert)
    {
        ArgumentException.ThrowIfNullOrEmpty(alert);
        return alert;
    }
}
