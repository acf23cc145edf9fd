using System.Collections.Concurrent;
using Morag.Failover.Actors.Alerts;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Domain.Alerts;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Alerts;

/// <summary>Receivers get every change at least once and in order, whatever they answer and whatever crashes.</summary>
public sealed class AlertWebhookSpecs(ITestOutputHelper output) : OwnerSpec(output)
{
    private static readonly FailoverSettings Settings = FailoverSettings.Default with
    {
        Alerts = new() { RaiseAfter = TimeSpan.Zero, ResolveAfter = TimeSpan.Zero, MaxOpenOfKind = 1_000 },
    };

    private readonly Facts facts = new();
    private readonly Receivers receivers = new();

    private Props Entity => AlertOwner.Props(Settings, Regions, facts, receivers);

    [Fact]
    public async Task Should_send_every_change_once_and_in_order_while_receivers_accept_them()
    {
        receivers.Add("ops");
        receivers.Add("errors", AlertSeverity.Error);
        var owner = Start(Entity);
        await RaiseAndResolveAsync();
        owner = await KillAndRecoverAsync(owner, Entity);
        await PassAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(["raised", "resolved"], receivers.Got("ops"));
        Assert.Empty(receivers.Got("errors"));
        Assert.All(await ListAsync(owner), webhook => Assert.Equal((0, 0), (webhook.Pending, webhook.Dropped)));
    }

    [Fact]
    public async Task Should_repeat_a_change_with_the_same_id_until_it_is_accepted_over_a_crash_of_the_owner()
    {
        receivers.Add("ops");
        receivers.Answer = _ => new WebhookOutcome(false, "it answered 500");
        var owner = Start(Entity);
        await RaiseAndResolveAsync();
        await PassAsync(TimeSpan.FromSeconds(20));
        var inVain = receivers.Sent.Count;
        var status = Assert.Single(await ListAsync(owner));
        Assert.Equal((2, "it answered 500"), (status.Pending, status.LastFailure));

        owner = await KillAndRecoverAsync(owner, Entity);
        await PassAsync(TimeSpan.FromSeconds(5));
        receivers.Answer = _ => new WebhookOutcome(true, "it answered 200");
        await PassAsync(TimeSpan.FromSeconds(20));

        Assert.InRange(inVain, 4, 7);
        Assert.Equal(["raised", "resolved"], receivers.Got("ops").Distinct());
        Assert.Equal(2, receivers.Sent.Select(sent => sent.Notice!.Id).Distinct().Count());
        Assert.Equal("resolved", receivers.Sent.Last().Notice!.What);
        Assert.Equal((0, 0), (await ListAsync(owner)).Select(webhook => (webhook.Pending, webhook.Failures)).Single());
    }

    [Fact]
    public async Task Should_wait_as_long_as_a_receiver_asks()
    {
        receivers.Add("ops");
        receivers.Answer = _ => new WebhookOutcome(false, "it answered 429", TimeSpan.FromMinutes(2));
        Start(Entity);
        facts.Lost = true;
        await PassAsync(TimeSpan.FromSeconds(110));
        Assert.Single(receivers.Sent);
        await PassAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(2, receivers.Sent.Count);
    }

    [Fact]
    public async Task Should_delay_no_other_receiver_and_no_alert_when_one_hangs()
    {
        receivers.Add("hangs");
        receivers.Add("ops");
        receivers.Hanging = "hangs";
        var owner = Start(Entity);
        await RaiseAndResolveAsync();

        Assert.Equal(["raised", "resolved"], receivers.Got("ops"));
        Assert.Equal(["raised"], receivers.Got("hangs"));
        owner.Tell(new ListAlerts(), TestActor);
        Assert.Equal(AlertState.Resolved, Assert.Single((await ExpectMsgAsync<AlertPage>()).Alerts).State);
    }

    [Fact]
    public async Task Should_drop_a_change_that_is_too_old_and_go_on_with_the_next()
    {
        receivers.Add("ops");
        receivers.Answer = notice => new WebhookOutcome(notice.What != "raised", "it answered 500", TimeSpan.FromHours(1));
        var owner = Start(Entity);
        await RaiseAndResolveAsync();
        for (var hour = 0; hour < 25; hour++)
        {
            Clock.Advance(TimeSpan.FromHours(1));
            await SettleAsync();
        }

        Assert.Equal("resolved", receivers.Sent.Last().Notice!.What);
        Assert.Equal((0, 1), (await ListAsync(owner)).Select(webhook => (webhook.Pending, webhook.Dropped)).Single());
        owner = await KillAndRecoverAsync(owner, Entity);
        Assert.Equal(1, (await ListAsync(owner)).Single().Dropped);
    }

    [Fact]
    public async Task Should_drop_a_change_that_a_receiver_rejects_for_good_after_a_few_attempts_and_go_on_with_the_next()
    {
        receivers.Add("ops");
        receivers.Answer = notice => new WebhookOutcome(notice.What != "raised", "it answered 400", IsFinal: true);
        var owner = Start(Entity);
        await RaiseAndResolveAsync();
        await PassAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(5, receivers.Got("ops").Count(what => what == "raised"));
        Assert.Equal("resolved", receivers.Sent.Last().Notice!.What);
        Assert.Equal((0, 1), (await ListAsync(owner)).Select(webhook => (webhook.Pending, webhook.Dropped)).Single());
    }

    [Fact]
    public async Task Should_not_give_a_change_up_because_the_clock_of_the_next_node_is_ahead()
    {
        receivers.Add("ops");
        receivers.Answer = _ => new WebhookOutcome(false, "it answered 500");
        var owner = Start(Entity);
        await RaiseAndResolveAsync();
        await SettleAsync();
        Sys.Stop(owner);
        Clock.Advance(TimeSpan.FromHours(25));
        owner = Start(Entity);
        await PassAsync(TimeSpan.FromSeconds(10));

        Assert.Equal((2, 0), (await ListAsync(owner)).Select(webhook => (webhook.Pending, webhook.Dropped)).Single());
    }

    [Fact]
    public async Task Should_report_what_is_dropped_while_a_receiver_hangs()
    {
        receivers.Add("hangs");
        receivers.Hanging = "hangs";
        var owner = Start(Entity);
        facts.Workers = 0;
        await PassAsync(TimeSpan.FromSeconds(6));
        await EventFilter.Error(contains: "Webhook hangs never gets").ExpectAsync(1, async () =>
        {
            for (var round = 0; round < 6; round++)
            {
                facts.Workers = round % 2 == 0 ? 200 : 0;
                await PassAsync(TimeSpan.FromSeconds(6));
            }
        });

        var status = Assert.Single(await ListAsync(owner));
        Assert.Equal((1_000, 200), (status.Pending, status.Dropped));
    }

    [Fact]
    public async Task Should_log_and_audit_what_waited_for_a_receiver_that_is_removed()
    {
        receivers.Add("ops");
        receivers.Add("old");
        receivers.Hanging = "old";
        var owner = Start(Entity);
        await RaiseAndResolveAsync();
        receivers.Remove("old");
        await EventFilter.Warning(contains: "Webhook old is no longer configured, so it does not get 2 changes").ExpectOneAsync(
            async () => owner = await KillAndRecoverAsync(owner, Entity));

        Assert.Equal("ops", Assert.Single(await ListAsync(owner)).Name);
        var entry = (await GotAsync<RecordAudit>(Regions.CoordinatorsProbe)).SelectMany(message => message.Entries).First();
        Assert.Equal(
            (AuditAction.WebhookRemove, "webhooks", "old waited for 2 changes", "ops"),
            (entry.Action, entry.Target, entry.Before, entry.After));
    }

    [Fact]
    public async Task Should_send_a_test_to_the_receivers_and_store_nothing()
    {
        receivers.Add("ops");
        receivers.Add("slack");
        var owner = Start(Entity);
        owner.Tell(new TestWebhook { Name = "slack" }, TestActor);
        Assert.Equal("slack", Assert.Single((await ExpectMsgAsync<WebhookTestReport>()).Results).Name);
        owner.Tell(new TestWebhook(), TestActor);
        Assert.Equal(2, (await ExpectMsgAsync<WebhookTestReport>()).Results.Length);
        owner.Tell(new TestWebhook { Name = "no-such" }, TestActor);
        Assert.Equal(RefusalReason.Unknown, (await ExpectMsgAsync<Refused>()).Reason);
        Assert.All(receivers.Sent, sent => Assert.Null(sent.Notice));
    }

    private async Task RaiseAndResolveAsync()
    {
        facts.Lost = true;
        await PassAsync(TimeSpan.FromSeconds(6));
        facts.Lost = false;
        await PassAsync(TimeSpan.FromSeconds(12));
    }

    private async Task<IReadOnlyList<WebhookStatus>> ListAsync(IActorRef owner)
    {
        await SettleAsync();
        owner.Tell(new ListWebhooks(), TestActor);
        return (await ExpectMsgAsync<WebhookList>()).Webhooks;
    }

    private sealed class Facts : IAlertFactsReader
    {
        public bool Lost { get; set; }

        public int? Workers { get; set; }

        public Task<AlertReading> ReadAsync() => Task.FromResult(new AlertReading(
            new AlertFacts
            {
                Workers =
                [
                    .. Enumerable.Range(0, Workers ?? (Lost ? 1 : 0))
                        .Select(number => new TroubledWorker { WorkerId = new($"w{number}"), IsLost = true }),
                ],
            },
            0,
            0));
    }

    private sealed class Receivers : IWebhooks
    {
        private readonly List<WebhookReceiver> all = [];

        public ConcurrentQueue<(string Receiver, AlertNotice? Notice)> Sent { get; } = new();

        public Func<AlertNotice, WebhookOutcome> Answer { get; set; } = _ => new WebhookOutcome(true, "it answered 200");

        public string? Hanging { get; set; }

        IReadOnlyList<WebhookReceiver> IWebhooks.Receivers => all;

        public void Add(string name, AlertSeverity minSeverity = AlertSeverity.Info) =>
            all.Add(new WebhookReceiver(name, "127.0.0.1", WebhookFormat.Generic, minSeverity));

        public void Remove(string name) => all.RemoveAll(receiver => receiver.Name == name);

        public IEnumerable<string> Got(string receiver) =>
            Sent.Where(sent => sent.Receiver == receiver).Select(sent => sent.Notice!.What);

        public Task<WebhookOutcome> SendAsync(string receiver, AlertNotice? notice)
        {
            Sent.Enqueue((receiver, notice));
            return receiver == Hanging ? new TaskCompletionSource<WebhookOutcome>().Task
                : Task.FromResult(notice is null ? new WebhookOutcome(true, "it answered 200") : Answer(notice));
        }
    }
}
