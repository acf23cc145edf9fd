using System.Collections.Immutable;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Dashboard;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Domain.Activity;

namespace Morag.Failover.Node.Tests.Http.Dashboard;

/// <summary>What the start page says needs attention.</summary>
public sealed class AttentionSpecs
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 1, 30, 0, TimeSpan.Zero);

    [Fact]
    public void Should_name_what_only_alerts_know_with_its_severity()
    {
        var page = Page() with
        {
            OpenAlerts = [Alert(AlertKind.StoreSlow, AlertSeverity.Critical), Alert(AlertKind.WorkerFlapping, AlertSeverity.Warning)],
        };

        Assert.Equal(
            [(Urgency.Critical, "store_slow of spec"), (Urgency.Warning, "worker_flapping of spec")],
            page.Attention.Select(item => (item.Urgency, item.Text)));
        Assert.All(page.Attention, item => Assert.Equal("/alerts", item.Link));
    }

    [Fact]
    public void Should_not_repeat_what_the_state_tells_at_once()
    {
        var page = Page() with
        {
            Queues = [new QueueStats { QueueType = new QueueName("cpu_batch"), ParkedTasks = 2 }],
            OpenAlerts = [Alert(AlertKind.TasksParked, AlertSeverity.Warning)],
        };

        var item = Assert.Single(page.Attention);
        Assert.Equal("2 tasks of cpu_batch are parked until an operator decides.", item.Text);
    }

    [Fact]
    public void Should_say_who_takes_care_of_an_alert()
    {
        var alert = Alert(AlertKind.StoreFull, AlertSeverity.Critical) with { Message = "Redis is full.", AcknowledgedBy = "anna" };

        var item = Assert.Single((Page() with { OpenAlerts = [alert] }).Attention);

        Assert.Equal("Redis is full. Acknowledged by anna.", item.Text);
    }

    [Fact]
    public void Should_know_of_every_rule_whether_the_state_tells_it() => Assert.All(
        from kind in Enum.GetValues<AlertKind>() from severity in Enum.GetValues<AlertSeverity>() select Alert(kind, severity),
        alert => Assert.InRange((Page() with { OpenAlerts = [alert] }).Attention.Count, 0, 1));

    private static OverviewModel Page() => new()
    {
        Workers = null,
        Queues = null,
        Failures = null,
        IsComplete = true,
        Oldest = ImmutableDictionary<QueueName, DateTimeOffset>.Empty,
        Activity = ActivityRollups.Empty,
        Range = ActivityRange.Hour,
        Now = Now,
    };

    private static Alert Alert(AlertKind kind, AlertSeverity severity)
    {
        var name = Contracts.Wire.WireName.Of(kind);
        return new()
        {
            Id = "1",
            Key = $"{name}:spec",
            Kind = kind,
            Severity = severity,
            Component = "spec",
            Message = $"{name} of spec",
            RaisedAt = Now,
            ChangedAt = Now,
        };
    }
}
