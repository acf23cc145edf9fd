using System.Collections.Immutable;
using CsCheck;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Domain.Alerts;

namespace Morag.Failover.Domain.Tests.Alerts;

/// <summary>Every receiver gets every change in order, and a silent one costs a bounded amount of memory.</summary>
public sealed class WebhookOutboxSpecs
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Should_keep_a_change_until_the_last_receiver_is_done_with_it()
    {
        var outbox = With("ops", "slack").After(Changed("1", "2", "3"));
        outbox = outbox.After(new WebhookAdvanced { Receiver = "ops", UpTo = 3 });
        Assert.Equal((3, 0, 3), (outbox.Notices.Count, outbox.PendingOf("ops").Count(), outbox.PendingOf("slack").Count()));

        outbox = outbox.After(new WebhookAdvanced { Receiver = "slack", UpTo = 2 });
        Assert.Equal(2, outbox.After(new WebhookAdvanced { Receiver = "slack", UpTo = 1 }).Done["slack"]);
        Assert.Equal(["3"], outbox.PendingOf("slack").Select(notice => notice.Alert.Id));
        outbox = outbox.After(new WebhookAdvanced { Receiver = "slack", UpTo = 3 })
            .After(new WebhookAdvanced { Receiver = "slack", UpTo = 1 });
        Assert.Empty(outbox.Notices);
        Assert.Equal([4L], outbox.After(Changed("4")).PendingOf("slack").Select(notice => notice.Number));
    }

    [Fact]
    public void Should_send_new_receivers_what_happens_from_now_on_and_keep_nothing_for_removed_ones()
    {
        var outbox = With("ops").After(Changed("1", "2")).After(new WebhookReceiversChanged { Receivers = ["ops", "slack"] });
        Assert.Equal((2, 0), (outbox.PendingOf("ops").Count(), outbox.PendingOf("slack").Count()));

        outbox = outbox.After(Changed("3")).After(new WebhookReceiversChanged { Receivers = ["slack"] });
        Assert.Equal(["3"], outbox.Notices.Select(notice => notice.Alert.Id));
        Assert.Empty(outbox.After(new WebhookReceiversChanged()).After(Changed("4")).Notices);
    }

    [Fact]
    public void Should_drop_the_oldest_changes_beyond_the_limit_and_count_them_for_those_that_missed_them()
    {
        var outbox = With("ops", "silent");
        for (var number = 0; number < WebhookOutbox.MostPending + 5; number++)
        {
            outbox = outbox.After(Changed("1")).After(new WebhookAdvanced { Receiver = "ops", UpTo = number + 1 });
        }

        Assert.Equal(WebhookOutbox.MostPending, outbox.Notices.Count);
        Assert.Equal((0, 5), (outbox.DroppedOf("ops"), outbox.DroppedOf("silent")));
        Assert.Equal(6, outbox.PendingOf("silent").First().Number);
    }

    [Fact]
    public void Should_count_for_the_limit_of_a_receiver_only_what_is_severe_enough_for_it()
    {
        var outbox = WebhookOutbox.Empty.After(new WebhookReceiversChanged
        {
            Receivers = ["all", "errors"],
            Least = ImmutableSortedDictionary<string, AlertSeverity>.Empty.Add("errors", AlertSeverity.Error),
        });
        outbox = outbox.After(new AlertsChanged { At = T0, Alerts = [Alert("7") with { Severity = AlertSeverity.Error }] });
        for (var number = 0; number < WebhookOutbox.MostPending + 5; number++)
        {
            outbox = outbox.After(Changed("1"));
        }

        Assert.Equal("7", Assert.Single(outbox.PendingOf("errors")).Alert.Id);
        Assert.Equal((6, 0), (outbox.DroppedOf("all"), outbox.DroppedOf("errors")));
        Assert.Equal(WebhookOutbox.MostPending + 1, outbox.Notices.Count);
        outbox = outbox.After(new WebhookAdvanced { Receiver = "all", UpTo = outbox.Last });
        Assert.Equal("7", Assert.Single(outbox.Notices).Alert.Id);
    }

    [Fact]
    public void Should_count_what_a_receiver_never_got_for_whatever_reason_until_it_is_removed()
    {
        var outbox = With("ops").After(Changed("1", "2")).After(new WebhookAdvanced { Receiver = "ops", UpTo = 1, Dropped = 1 });
        Assert.Equal(1, outbox.DroppedOf("ops"));
        Assert.Equal(1, outbox.After(new WebhookReceiversChanged { Receivers = ["ops", "slack"] }).DroppedOf("ops"));
        Assert.Equal(0, outbox.After(new WebhookReceiversChanged { Receivers = ["slack"] }).DroppedOf("ops"));
    }

    [Fact]
    public void Should_give_each_receiver_each_change_once_and_in_order_in_any_history() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 2]).Array[1, 80].Sample(
            history =>
            {
                string[] names = ["a", "b", "c"];
                var outbox = With(names);
                var got = names.ToDictionary(name => name, _ => new List<long>());
                foreach (var (added, reader) in history)
                {
                    outbox = outbox.After(Changed([.. Enumerable.Repeat("1", added)]));
                    if (outbox.PendingOf(names[reader]).FirstOrDefault() is { } next)
                    {
                        got[names[reader]].Add(next.Number);
                        outbox = outbox.After(new WebhookAdvanced { Receiver = names[reader], UpTo = next.Number });
                    }
                }

                foreach (var name in names)
                {
                    var rest = outbox.PendingOf(name).Select(notice => notice.Number);
                    Assert.Equal(Enumerable.Range(1, (int)outbox.Last).Select(number => (long)number), got[name].Concat(rest));
                }
            },
            iter: 200);

    [Fact]
    public void Should_be_the_same_from_a_snapshot()
    {
        var changed = new WebhookReceiversChanged
        {
            Receivers = ["ops", "slack"],
            Least = ImmutableSortedDictionary<string, AlertSeverity>.Empty.Add("slack", AlertSeverity.Warning),
        };
        var state = AlertsState.Empty.Apply(changed).Apply(Changed("1", "2", "3"))
            .Apply(new WebhookAdvanced { Receiver = "ops", UpTo = 2, Dropped = 1 });
        var restored = AlertsState.FromParts([.. state.ToParts(200)]).Outbox;
        Assert.Equal(state.Outbox.Last, restored.Last);
        Assert.Equal(state.Outbox.Notices, restored.Notices);
        Assert.Equal(state.Outbox.Done, restored.Done);
        Assert.Equal(state.Outbox.Least, restored.Least);
        Assert.Equal(state.Outbox.Dropped, restored.Dropped);
    }

    [Fact]
    public void Should_name_a_change_by_what_happened_and_give_it_an_id_of_its_own()
    {
        var raised = Alert("7");
        var acknowledged = AlertBook.Next(raised, T0.AddSeconds(1)) with
        {
            State = AlertState.Acknowledged,
            AcknowledgedAt = T0.AddSeconds(1),
        };
        var worse = AlertBook.Next(acknowledged, T0.AddSeconds(2)) with { Severity = AlertSeverity.Critical };
        var resolved = AlertBook.Next(worse, T0.AddSeconds(3)) with { State = AlertState.Resolved };
        Alert[] alerts = [raised, acknowledged, worse, resolved];
        var notices = alerts.Select(alert => new AlertNotice { Number = 1, Alert = alert }).ToList();
        Assert.Equal(["raised", "acknowledged", "changed", "resolved"], notices.Select(notice => notice.What));
        Assert.Equal(4, notices.Select(notice => notice.Id).Distinct().Count());
        Assert.Equal("7.1.1767225600000", notices[0].Id);
    }

    [Theory]
    [InlineData(1, 0, null, 1)]
    [InlineData(1, 1, null, 1.5)]
    [InlineData(4, 0, null, 8)]
    [InlineData(100, 0, null, 300)]
    [InlineData(1, 0, 30, 30)]
    [InlineData(6, 0, 30, 32)]
    [InlineData(1, 0, 86_400, 3_600)]
    [InlineData(1, 0, -5, 1)]
    public void Should_wait_longer_after_each_failure_and_as_long_as_the_receiver_asks(
        int failures, double draw, int? asked, double seconds) =>
        Assert.Equal(
            TimeSpan.FromSeconds(seconds),
            WebhookBackoff.After(failures, draw, asked is { } given ? TimeSpan.FromSeconds(given) : null));

    private static WebhookOutbox With(params string[] receivers) =>
        WebhookOutbox.Empty.After(new WebhookReceiversChanged { Receivers = [.. receivers] });

    private static AlertsChanged Changed(params string[] ids) => new() { At = T0, Alerts = [.. ids.Select(Alert)] };

    private static Alert Alert(string id) => new()
    {
        Id = id,
        Key = "worker_lost:" + id,
        Kind = AlertKind.WorkerLost,
        Severity = AlertSeverity.Warning,
        Component = id,
        Message = "it happened",
        RaisedAt = T0,
        ChangedAt = T0,
    };
}
