using System.Diagnostics.Metrics;
using Morag.Failover.Actors.Metrics;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Domain.Alerts;

namespace Morag.Failover.Actors.Alerts;

/// <summary>
/// Sends the changes of alerts to one receiver, one at a time and in order. It repeats a change until the receiver accepts it, rejects it
/// for good, or has not accepted it for too long, and reports to its parent, the owner of alerts, which stores how far it is. A receiver
/// that hangs delays no other.
/// </summary>
internal sealed class WebhookCourier : UntypedActor, IWithTimers
{
    /// <summary>
    /// How often a receiver must reject a change for good. Proxies and releases that fail answer in the same way for a moment.
    /// </summary>
    internal const int MostRejections = 5;

    private static readonly Counter<long> Deliveries = FailoverMeter.Counter(FailoverMetrics.WebhookDeliveries);

    private readonly WebhookReceiver receiver;
    private readonly IWebhooks webhooks;
    private readonly TimeSpan giveUpAfter;
    private readonly Random chance = Chance.Of(Context.System);
    private readonly ILoggingAdapter log = Context.GetLogger();
    private AlertNotice? current;
    private DateTimeOffset since;
    private int failures;
    private int rejections;

    /// <param name="receiver">The receiver.</param>
    /// <param name="webhooks">The way to it.</param>
    /// <param name="giveUpAfter">How long a change is sent in vain.</param>
    public WebhookCourier(WebhookReceiver receiver, IWebhooks webhooks, TimeSpan giveUpAfter)
    {
        this.receiver = receiver;
        this.webhooks = webhooks;
        this.giveUpAfter = giveUpAfter;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Send send when current is null:
                (current, since, failures, rejections) = (send.Notice, send.Since, 0, 0);
                Attempt();
                break;
            case Again when current is not null:
                Attempt();
                break;
            case Attempted { Notice: var notice, Outcome: var outcome } when ReferenceEquals(notice, current):
                OnOutcome(notice, outcome);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Attempt()
    {
        var notice = current!;
        webhooks.SendAsync(receiver.Name, notice).PipeTo(
            Self,
            Self,
            outcome => new Attempted(notice, outcome),
            failure => new Attempted(notice, new WebhookOutcome(false, failure.GetType().Name)));
    }

    private void OnOutcome(AlertNotice notice, WebhookOutcome outcome)
    {
        if (outcome.Delivered)
        {
            End(notice, outcome, "delivered");
            return;
        }

        failures++;
        rejections = outcome.IsFinal ? rejections + 1 : 0;
        Count("failed");
        var isRejected = rejections >= MostRejections;
        if (isRejected || Context.System.Scheduler.Now - since >= giveUpAfter)
        {
            log.Error(
                "Webhook {Receiver} never gets change {Change} of an alert, because it {Why}. The last answer: {Answer}",
                receiver.Name,
                notice.Id,
                isRejected
                    ? FormattableString.Invariant($"rejected it {rejections} times in a row")
                    : FormattableString.Invariant($"did not accept it for {giveUpAfter.TotalHours:0.#} h"),
                outcome.Detail);
            End(notice, outcome, "dropped");
            return;
        }

        var delay = WebhookBackoff.After(failures, chance.NextDouble(), outcome.RetryAfter);
        if (failures == 1)
        {
            log.Warning(
                "Webhook {Receiver} did not accept change {Change} of an alert: {Why}. It is sent again with growing delays.",
                receiver.Name,
                notice.Id,
                outcome.Detail);
        }

        Timers.StartSingleTimer(nameof(Again), Again.Instance, delay);
        Context.Parent.Tell(new SentInVain(receiver.Name, failures, outcome.Detail));
    }

    private void End(AlertNotice notice, WebhookOutcome outcome, string result)
    {
        if (failures > 0 && outcome.Delivered)
        {
            log.Info("Webhook {Receiver} accepts changes of alerts again after {Failures} failures", receiver.Name, failures);
        }

        current = null;
        Count(result);
        Context.Parent.Tell(new Ended(receiver.Name, notice.Number, outcome.Delivered));
    }

    private void Count(string result) => Deliveries.Add(
        1,
        new KeyValuePair<string, object?>(MetricLabels.Webhook, receiver.Name),
        new KeyValuePair<string, object?>(MetricLabels.WebhookResult, result));

    /// <summary>Sends a change. The courier is idle.</summary>
    /// <param name="Notice">The change.</param>
    /// <param name="Since">Since when it waits, by the clock of this process.</param>
    internal sealed record Send(AlertNotice Notice, DateTimeOffset Since) : INoSerializationVerificationNeeded;

    /// <summary>The receiver accepted a change, or it was given up. The courier is idle.</summary>
    internal sealed record Ended(string Receiver, long Number, bool Delivered) : INoSerializationVerificationNeeded;

    /// <summary>The receiver did not accept a change; it is sent again later.</summary>
    internal sealed record SentInVain(string Receiver, int Failures, string Why) : INoSerializationVerificationNeeded;

    private sealed record Attempted(AlertNotice Notice, WebhookOutcome Outcome) : INoSerializationVerificationNeeded;

    private sealed class Again : INoSerializationVerificationNeeded
    {
        public static readonly Again Instance = new();
    }
}
