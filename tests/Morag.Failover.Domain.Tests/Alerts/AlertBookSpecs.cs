using System.Collections.Immutable;
using CsCheck;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Alerts;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Tests.Alerts;

/// <summary>Alerts are raised once for each condition, and neither flap nor get lost.</summary>
public sealed class AlertBookSpecs
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly AlertSettings Settings = new();
    private static readonly AlertFinding Unserved = new(AlertKind.QueueUnserved, "gpu", AlertSeverity.Error, "no worker");

    private AlertBook book = AlertBook.Empty;
    private AlertSpells spells = AlertSpells.None;

    [Fact]
    public void Should_raise_an_alert_once_its_condition_has_held_for_a_while()
    {
        Look(0, Unserved);
        Look(9, Unserved);
        Assert.Empty(book.Open);
        Look(10, Unserved);
        var raised = Assert.Single(book.Open).Value;
        Assert.Equal(
            ("1", "queue_unserved:gpu", AlertState.Active, T0.AddSeconds(10)), (raised.Id, raised.Key, raised.State, raised.RaisedAt));
        Assert.Null(Look(1000, Unserved));
    }

    [Fact]
    public void Should_keep_one_alert_when_its_condition_comes_and_goes()
    {
        Look(0, Unserved);
        Look(10, Unserved);
        for (var second = 20; second < 600; second += 20)
        {
            Assert.Null(second % 40 == 0 ? Look(second, Unserved) : Look(second));
        }

        Look(660);
        Look(720);
        Assert.Empty(book.Open);
        Assert.Equal(AlertState.Resolved, Assert.Single(book.Resolved).State);
    }

    [Fact]
    public void Should_keep_an_alert_open_while_its_facts_are_missing_and_start_its_wait_over_when_they_are_back()
    {
        Look(0, Unserved);
        Look(10, Unserved);
        Assert.Null(LookWithout(AlertSource.Queues, 20));
        Assert.Null(LookWithout(AlertSource.Queues, 3_600));
        Assert.Null(Look(3_601));
        Assert.Null(Look(3_660));
        Assert.NotNull(Look(3_661));
    }

    [Fact]
    public void Should_resolve_an_alert_while_facts_about_something_else_are_missing()
    {
        Look(0, Unserved);
        Look(10, Unserved);
        LookWithout(AlertSource.Nodes, 20);
        Assert.Equal(AlertState.Resolved, Assert.Single(LookWithout(AlertSource.Nodes, 80)!.Alerts).State);
    }

    [Fact]
    public void Should_change_the_severity_of_an_open_alert_once()
    {
        Look(0, Unserved);
        Look(10, Unserved);
        var worse = Unserved with { Severity = AlertSeverity.Critical };
        Assert.Equal((AlertSeverity.Critical, 2), Look(20, worse)!.Alerts.Select(alert => (alert.Severity, alert.Revision)).Single());
        Assert.Null(Look(30, worse));
    }

    [Fact]
    public void Should_forget_the_oldest_resolved_alerts_beyond_the_number_and_after_the_time()
    {
        var settings = Settings with { RaiseAfter = TimeSpan.Zero, ResolveAfter = TimeSpan.Zero, ResolvedKept = 3 };
        for (var round = 0; round < 5; round++)
        {
            Look(settings, 2 * round, Unserved);
            Look(settings, (2 * round) + 1);
        }

        Assert.Equal(["3", "4", "5"], book.Resolved.Select(alert => alert.Id));
        Look(settings, (int)settings.ResolvedKeptFor.TotalSeconds + 8);
        Assert.Equal(["5"], book.Resolved.Select(alert => alert.Id));
        Assert.Equal(5, book.Raised);
    }

    [Fact]
    public void Should_change_a_bounded_number_of_alerts_at_once()
    {
        AlertFinding[] many = [.. Enumerable.Range(0, 450).Select(number => Unserved with { Component = $"q{number}" })];
        Look(0, many);
        Assert.Equal(AlertsChanged.MaxAlerts, Look(10, many)!.Alerts.Length);
        Look(10, many);
        Assert.Equal(50, Look(10, many)!.Alerts.Length);
        Assert.Null(Look(10, many));
        Assert.Equal(450, book.Open.Count);
    }

    [Fact]
    public void Should_have_at_most_one_open_alert_for_each_condition_in_any_history() =>
        Gen.Select(Gen.Int[1, 30], Gen.Int[0, 2].Array[0, 3]).Array[1, 60].Sample(
            history =>
            {
                var (all, seen, now) = (AlertBook.Empty, AlertSpells.None, T0);
                foreach (var (seconds, holds) in history)
                {
                    now += TimeSpan.FromSeconds(seconds);
                    ImmutableArray<AlertFinding> findings =
                        [.. holds.Distinct().Select(queue => Unserved with { Component = $"q{queue}" })];
                    seen = seen.Seeing(findings, [], all, now);
                    if (all.Decide(findings, [], seen, Settings, now) is { } changed)
                    {
                        all = all.Apply(changed);
                    }

                    Assert.Equal(all.Raised, all.Open.Count + all.Resolved.Count);
                    Assert.Null(all.Decide(findings, [], seen, Settings, now));
                }
            },
            iter: 300);

    [Fact]
    public void Should_find_what_needs_attention_and_nothing_in_a_paused_queue_but_what_is_parked()
    {
        var stats = new QueueStats
        {
            QueueType = new("gpu"),
            ParkedTasks = 2,
            UnmetNeeds = [new() { Need = "no worker has a GPU", Tasks = 1 }],
        };
        var facts = new AlertFacts
        {
            Queues = [new(stats, TimeSpan.FromHours(1))],
            Workers = [new() { WorkerId = new("w"), IsLost = true, BreakerIsOpen = true, LossesInHour = 3 }],
            Failed = 10,
            Ended = 20,
            StoreUse = 0.9,
            StoreLatency = ImmutableSortedDictionary<string, TimeSpan>.Empty.Add("n:1", TimeSpan.FromSeconds(1)),
            UnreachableNodes = ["n:2"],
            Owners = [new() { Owner = "queue-0", Reason = "the disk is full", Since = T0 }],
        };

        Assert.Equal(
            Enum.GetValues<AlertKind>(), AlertRules.Evaluate(facts, _ => false, Settings).Select(finding => finding.Kind).Order());
        var paused = facts with
        {
            Queues = [new(stats with { Pause = new() { At = T0, By = "anna", Reason = "bad model" } }, TimeSpan.FromHours(1))],
        };
        Assert.DoesNotContain(
            AlertRules.Evaluate(paused, _ => false, Settings), finding => finding.Kind is AlertKind.QueueOld or AlertKind.QueueUnserved);
        Assert.Empty(AlertRules.Evaluate(new AlertFacts { Failed = 9, Ended = 10 }, _ => false, Settings));
    }

    [Theory]
    [InlineData(0.19, false, false)]
    [InlineData(0.19, true, true)]
    [InlineData(0.17, true, false)]
    [InlineData(0.2, false, true)]
    public void Should_hold_an_open_alert_until_its_value_is_clearly_below_the_threshold(double rate, bool isOpen, bool holds) =>
        Assert.Equal(
            holds,
            !AlertRules.Evaluate(new AlertFacts { Failed = (long)(rate * 1000), Ended = 1000 }, _ => isOpen, Settings).IsEmpty);

    [Fact]
    public void Should_find_nothing_of_a_rule_that_is_off()
    {
        var facts = new AlertFacts { Workers = [new() { WorkerId = new("w"), IsLost = true, BreakerIsOpen = true }] };
        Assert.Equal(
            [AlertKind.BreakerOpen],
            AlertRules.Evaluate(facts, _ => false, Settings with { Off = [AlertKind.WorkerLost] }).Select(finding => finding.Kind));
    }

    [Fact]
    public void Should_let_one_finding_stand_for_all_beyond_the_limit_and_keep_open_alerts_listed()
    {
        var facts = new AlertFacts
        {
            Workers = [.. Enumerable.Range(0, 10).Select(number => new TroubledWorker { WorkerId = new($"w{number}"), IsLost = true })],
        };
        var findings = AlertRules.Evaluate(facts, key => key == "worker_lost:w9", Settings with { MaxOpenOfKind = 3 });
        Assert.Equal(["w9", "w0", "w1", Alert.Others], findings.Select(finding => finding.Component));
        Assert.Equal(7, findings[^1].Value);

        // One that is open and left out would count as over, although its condition holds.
        var open = AlertRules.Evaluate(
            facts, key => string.CompareOrdinal(key, "worker_lost:w4") >= 0, Settings with { MaxOpenOfKind = 3 });
        Assert.Equal(["w4", "w5", "w6", "w7", "w8", "w9", Alert.Others], open.Select(finding => finding.Component));
    }

    [Fact]
    public void Should_raise_no_alert_for_each_one_that_is_over_at_the_end_of_an_incident()
    {
        var settings = Settings with { MaxOpenOfKind = 10, RaiseAfter = TimeSpan.Zero, ResolveAfter = TimeSpan.Zero };
        for (var lost = 100; lost >= 0; lost--)
        {
            // The workers with the first names come back first.
            var facts = new AlertFacts
            {
                Workers =
                [
                    .. Enumerable.Range(100 - lost, lost)
                        .Select(number => new TroubledWorker { WorkerId = new($"w{number:000}"), IsLost = true }),
                ],
            };
            Look(settings, 100 - lost, [.. AlertRules.Evaluate(facts, book.Open.ContainsKey, settings)]);
            Assert.Equal(lost > 5, book.Open.ContainsKey("worker_lost:*"));
        }

        // Ten and the one for all others, and the last five by their names.
        Assert.Equal((16, 0), (book.Raised, book.Open.Count));
    }

    private AlertsChanged? Look(int second, params AlertFinding[] findings) => Look(Settings, [], second, findings);

    private AlertsChanged? Look(AlertSettings settings, int second, params AlertFinding[] findings) =>
        Look(settings, [], second, findings);

    private AlertsChanged? LookWithout(AlertSource missing, int second) => Look(Settings, [missing], second);

    private AlertsChanged? Look(
        AlertSettings settings, ImmutableHashSet<AlertSource> missing, int second, params AlertFinding[] findings)
    {
        var now = T0.AddSeconds(second);
        spells = spells.Seeing([.. findings], missing, book, now);
        var changed = book.Decide([.. findings], missing, spells, settings, now);
        book = changed is null ? book : book.Apply(changed);
        return changed;
    }
}
