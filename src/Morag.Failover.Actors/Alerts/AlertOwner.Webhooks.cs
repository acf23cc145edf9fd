using System.Diagnostics.Metrics;
using Morag.Failover.Actors.Metrics;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Domain.Alerts;

namespace Morag.Failover.Actors.Alerts;

/// <content>Hands the stored changes of alerts to the couriers of the receivers, and stores how far each is.</content>
public sealed partial class AlertOwner
{
    private static readonly Counter<long> Deliveries = FailoverMeter.Counter(FailoverMetrics.WebhookDeliveries);

    private readonly Dictionary<string, Courier> couriers = new(StringComparer.Ordinal);

    // Since when this process has each change, by number. The time in a change may be that of a node whose clock was wrong.
    private readonly Dictionary<long, DateTimeOffset> known = [];

    private void StartCouriers()
    {
        if (ReceiversChange() is { } changed)
        {
            Commit(
                changed,
                after =>
                {
                    SendAudit(after);
                    FeedAll(after);
                },
                []);
        }

        foreach (var receiver in webhooks.Receivers)
        {
            var (to, giveUp) = (receiver, settings.Alerts.WebhookGiveUpAfter);
            var props = Akka.Actor.Props.Create(() => new WebhookCourier(to, webhooks, giveUp));
            var actor = Context.ActorOf(props, "webhook-" + receiver.Name);
            couriers.Add(receiver.Name, new Courier(receiver, actor) { Dropped = State.Outbox.DroppedOf(receiver.Name) });
        }

        FeedAll(Durable);
    }

    /// <summary>How the configured receivers differ from the stored ones; null if they do not.</summary>
    private WebhookReceiversChanged? ReceiversChange()
    {
        var outbox = State.Outbox;
        var configured = webhooks.Receivers.OrderBy(receiver => receiver.Name, StringComparer.Ordinal).ToList();
        var names = configured.Select(receiver => receiver.Name).ToImmutableArray();
        if (names.SequenceEqual(outbox.Done.Keys)
            && configured.TrueForAll(receiver => receiver.MinSeverity == outbox.LeastOf(receiver.Name)))
        {
            return null;
        }

        var lost = outbox.Done.Keys.Except(names)
            .Select(name => (Name: name, Changes: outbox.PendingOf(name).Count()))
            .Where(removed => removed.Changes > 0)
            .ToList();
        foreach (var (name, changes) in lost)
        {
            Log.Warning(
                "Webhook {Receiver} is no longer configured, so it does not get {Changes} of alerts that waited for it",
                name,
                Counted.Of(changes, "change"));
        }

        return new WebhookReceiversChanged
        {
            Receivers = names,
            Least = configured.Where(receiver => receiver.MinSeverity > AlertSeverity.Info)
                .ToImmutableSortedDictionary(receiver => receiver.Name, receiver => receiver.MinSeverity, StringComparer.Ordinal),
            Audit = lost.Count == 0 ? null : new AuditEntry
            {
                At = Now,
                Action = AuditAction.WebhookRemove,
                Target = "webhooks",
                Reason = "the configuration of the node that owns the alerts no longer has them",
                Before = string.Join(", ", lost.Select(removed => FormattableString.Invariant(
                    $"{removed.Name} waited for {Counted.Of(removed.Changes, "change")}"))),
                After = names.IsEmpty ? "no webhook" : string.Join(", ", names),
            },
        };
    }

    private bool HandleWebhook(object message)
    {
        switch (message)
        {
            case WebhookCourier.Ended ended when couriers.TryGetValue(ended.Receiver, out var courier):
                courier.Status = ended.Delivered
                    ? courier.Status with { DeliveredAt = Now, Failures = 0, LastFailure = null }
                    : courier.Status with { Failures = 0 };
                Advance(courier, ended);
                return true;
            case WebhookCourier.SentInVain failed when couriers.TryGetValue(failed.Receiver, out var courier):
                courier.Status = courier.Status with { Failures = failed.Failures, LastFailure = failed.Why };
                return true;
            case ListWebhooks:
                Sender.Tell(new WebhookList
                {
                    Webhooks =
                    [
                        .. couriers.Values.OrderBy(courier => courier.Receiver.Name, StringComparer.Ordinal).Select(courier =>
                            courier.Status with
                            {
                                Pending = Durable.Outbox.PendingOf(courier.Receiver.Name).Count(),
                                Dropped = Durable.Outbox.DroppedOf(courier.Receiver.Name),
                            }),
                    ],
                });
                return true;
            case TestWebhook test:
                SendTest(test, Sender);
                return true;
            default:
                return false;
        }
    }

    private void SendTest(TestWebhook test, IActorRef caller)
    {
        var chosen = webhooks.Receivers.Where(receiver => test.Name is null || receiver.Name == test.Name)
            .OrderBy(receiver => receiver.Name, StringComparer.Ordinal)
            .ToList();
        if (chosen.Count == 0)
        {
            caller.Tell(Refused.Unknown(test.Name is null ? "no webhook is configured" : "there is no webhook with that name"));
            return;
        }

        TestAsync(chosen).PipeTo(caller, Self, report => report, _ => Refused.Unavailable("the owner of alerts is stopping"));
    }

    private async Task<WebhookTestReport> TestAsync(IReadOnlyList<WebhookReceiver> receivers)
    {
        var outcomes = await Task.WhenAll(receivers.Select(receiver => webhooks.SendAsync(receiver.Name, null)));
        return new WebhookTestReport
        {
            Results =
            [
                .. receivers.Zip(outcomes, static (receiver, outcome) =>
                    new WebhookTestResult { Name = receiver.Name, Delivered = outcome.Delivered, Detail = outcome.Detail }),
            ],
        };
    }

    private void FeedAll(AlertsState durable)
    {
        Know(durable.Outbox.Notices);
        foreach (var courier in couriers.Values)
        {
            ReportExcess(courier, durable.Outbox);
            Feed(courier, durable);
        }
    }

    private void Know(ImmutableList<AlertNotice> notices)
    {
        foreach (var notice in notices)
        {
            known.TryAdd(notice.Number, Now);
        }

        if (known.Count > notices.Count)
        {
            foreach (var number in known.Keys.Except(notices.Select(notice => notice.Number)).ToList())
            {
                known.Remove(number);
            }
        }
    }

    /// <summary>Reports what was dropped because too many changes waited, also while the courier is busy with one for hours.</summary>
    private void ReportExcess(Courier courier, WebhookOutbox outbox)
    {
        var name = courier.Receiver.Name;
        if (outbox.DroppedOf(name) - courier.Dropped is > 0 and var more)
        {
            Log.Error(
                "Webhook {Receiver} never gets {Dropped} of alerts, because more than {Most} waited for it",
                name,
                Counted.Of(more, "change"),
                WebhookOutbox.MostPending);
            Deliveries.Add(
                more,
                new KeyValuePair<string, object?>(MetricLabels.Webhook, name),
                new KeyValuePair<string, object?>(MetricLabels.WebhookResult, "dropped"));
        }

        courier.Dropped = outbox.DroppedOf(name);
    }

    /// <summary>Gives an idle courier the next change. It must be durable: what is sent cannot be taken back.</summary>
    private void Feed(Courier courier, AlertsState durable)
    {
        if (!courier.IsBusy && durable.Outbox.PendingOf(courier.Receiver.Name).FirstOrDefault() is { } next)
        {
            courier.IsBusy = true;
            courier.Actor.Tell(new WebhookCourier.Send(next, known.GetValueOrDefault(next.Number, Now)));
        }
    }

    private void Advance(Courier courier, WebhookCourier.Ended ended)
    {
        // Unless it was dropped meanwhile, as one of too many, and counted as that.
        var dropped = ended.Delivered || State.Outbox.Done.GetValueOrDefault(courier.Receiver.Name) >= ended.Number ? 0 : 1;
        Commit(
            new WebhookAdvanced { Receiver = courier.Receiver.Name, UpTo = ended.Number, Dropped = dropped },
            after =>
            {
                // The courier has reported it.
                courier.Dropped += dropped;
                courier.IsBusy = false;
                Feed(courier, after);
            },
            []);
    }

    private sealed class Courier(WebhookReceiver receiver, IActorRef actor)
    {
        public WebhookReceiver Receiver { get; } = receiver;

        public IActorRef Actor { get; } = actor;

        public bool IsBusy { get; set; }

        /// <summary>The dropped changes that were reported.</summary>
        public long Dropped { get; set; }

        public WebhookStatus Status { get; set; } = new()
        {
            Name = receiver.Name,
            Host = receiver.Host,
            Format = receiver.Format,
            MinSeverity = receiver.MinSeverity,
        };
    }
}
