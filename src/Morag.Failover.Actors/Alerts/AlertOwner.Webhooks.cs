using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Domain.Alerts;

namespace Morag.Failover.Actors.Alerts;

/// <content>Hands the stored changes of alerts to the couriers of the receivers, and stores how far each is.</content>
public sealed partial class AlertOwner
{
    private readonly Dictionary<string, Courier> couriers = new(StringComparer.Ordinal);

    private void StartCouriers()
    {
        var names = webhooks.Receivers.Select(receiver => receiver.Name).Order(StringComparer.Ordinal).ToImmutableArray();
        if (!names.SequenceEqual(State.Outbox.Done.Keys))
        {
            Commit(new WebhookReceiversChanged { Receivers = names }, after => FeedAll(after), []);
        }

        foreach (var receiver in webhooks.Receivers)
        {
            var (to, giveUp) = (receiver, settings.Alerts.WebhookGiveUpAfter);
            var props = Akka.Actor.Props.Create(() => new WebhookCourier(to, webhooks, giveUp));
            var actor = Context.ActorOf(props, "webhook-" + receiver.Name);
            couriers.Add(receiver.Name, new Courier(receiver, actor));
        }

        FeedAll(Durable);
    }

    private bool HandleWebhook(object message)
    {
        switch (message)
        {
            case WebhookCourier.Ended ended when couriers.TryGetValue(ended.Receiver, out var courier):
                courier.IsBusy = false;
                courier.Status = ended.Delivered
                    ? courier.Status with { DeliveredAt = Now, Failures = 0, LastFailure = null }
                    : courier.Status with { Failures = 0, Dropped = courier.Status.Dropped + 1 };
                Advance(courier, ended.Number);
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
                            courier.Status with { Pending = PendingOf(courier, Durable).Count() }),
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
        foreach (var courier in couriers.Values)
        {
            Feed(courier, durable);
        }
    }

    /// <summary>Gives an idle courier the next change. It must be durable: what is sent cannot be taken back.</summary>
    private void Feed(Courier courier, AlertsState durable)
    {
        if (courier.IsBusy)
        {
            return;
        }

        var name = courier.Receiver.Name;
        if (durable.Outbox.DroppedOf(name) is > 0 and var dropped)
        {
            Log.Error("Webhook {Receiver} missed {Dropped} changes of alerts, because too many were pending", name, dropped);
            courier.Status = courier.Status with { Dropped = courier.Status.Dropped + dropped };
            Advance(courier, durable.Outbox.Notices[0].Number - 1);
        }
        else if (PendingOf(courier, durable).FirstOrDefault() is { } next)
        {
            courier.IsBusy = true;
            courier.Actor.Tell(new WebhookCourier.Send(next));
        }
        else if (durable.Outbox.PendingOf(name).LastOrDefault() is { } notForIt)
        {
            Advance(courier, notForIt.Number);
        }
    }

    private void Advance(Courier courier, long upTo)
    {
        courier.IsBusy = true;
        Commit(
            new WebhookAdvanced { Receiver = courier.Receiver.Name, UpTo = upTo },
            after =>
            {
                courier.IsBusy = false;
                Feed(courier, after);
            },
            []);
    }

    private static IEnumerable<AlertNotice> PendingOf(Courier courier, AlertsState state) =>
        state.Outbox.PendingOf(courier.Receiver.Name).Where(notice => notice.Alert.Severity >= courier.Receiver.MinSeverity);

    private sealed class Courier(WebhookReceiver receiver, IActorRef actor)
    {
        public WebhookReceiver Receiver { get; } = receiver;

        public IActorRef Actor { get; } = actor;

        public bool IsBusy { get; set; }

        public WebhookStatus Status { get; set; } = new()
        {
            Name = receiver.Name,
            Host = receiver.Host,
            Format = receiver.Format,
            MinSeverity = receiver.MinSeverity,
        };
    }
}
