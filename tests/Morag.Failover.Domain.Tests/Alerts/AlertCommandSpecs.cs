using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Alerts;
using Morag.Failover.Domain.Owners;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Tests.Alerts;

/// <summary>Operators list and acknowledge alerts, and change thresholds. Each change is recorded: who, why, before and after.</summary>
public sealed class AlertCommandSpecs
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly AlertSettings Configured = new() { Off = [AlertKind.StoreSlow] };

    private AlertsState state = AlertsState.Empty;

    public AlertCommandSpecs()
    {
        Raise("1", "worker_lost:w-1", AlertSeverity.Warning);
        Raise("2", "queue_unserved:gpu", AlertSeverity.Error);
        Raise("3", "worker_lost:w-2", AlertSeverity.Warning);
    }

    [Fact]
    public void Should_say_who_acknowledged_an_alert_and_forget_it_when_that_is_taken_back()
    {
        var acknowledge = new AcknowledgeAlert { Id = "2", Note = "on it", By = "anna" };
        var alert = Reply<AlertReply>(AlertCommands.Decide(state, acknowledge, T0)).Alert;
        Assert.Equal(
            (AlertState.Acknowledged, "anna", "on it", T0, 2),
            (alert.State, alert.AcknowledgedBy, alert.Note, alert.AcknowledgedAt!.Value, alert.Revision));

        alert = Reply<AlertReply>(AlertCommands.Decide(state, acknowledge with { By = "otto" }, T0)).Alert;
        Assert.Equal("anna", alert.AcknowledgedBy);
        alert = Reply<AlertReply>(AlertCommands.Decide(state, new UnacknowledgeAlert { Id = "2", By = "otto" }, T0)).Alert;
        Assert.Equal((AlertState.Active, null, null, null), (alert.State, alert.AcknowledgedBy, alert.Note, alert.AcknowledgedAt));
        Reply<AlertReply>(AlertCommands.Decide(state, new UnacknowledgeAlert { Id = "2", By = "otto" }, T0));
        Assert.Equal(
            [(AuditAction.AlertAcknowledge, "anna", "2", "on it"), (AuditAction.AlertUnacknowledge, "otto", "2", "")],
            state.Audit.Owed.Select(owed => (owed.Entry.Action, owed.Entry.By, owed.Entry.Target, owed.Entry.Reason)));
    }

    [Fact]
    public void Should_keep_the_acknowledgement_of_an_alert_that_is_resolved_and_refuse_another()
    {
        Reply<AlertReply>(AlertCommands.Decide(state, new AcknowledgeAlert { Id = "1", By = "anna" }, T0));
        state = state.Apply(new AlertsChanged
        {
            At = T0,
            Alerts = [AlertBook.Next(state.Book.Find("1")!, T0) with { State = AlertState.Resolved, ResolvedAt = T0 }],
        });

        Assert.Equal("anna", state.Book.Find("1")!.AcknowledgedBy);
        Assert.Equal(RefusalReason.Conflict, Refused(new AcknowledgeAlert { Id = "1" }).Reason);
        Assert.Equal(RefusalReason.Unknown, Refused(new AcknowledgeAlert { Id = "17" }).Reason);
        Assert.Equal("note", Refused(new AcknowledgeAlert { Id = "2", Note = new string('x', CallLimits.MaxReasonBytes + 1) }).Field);
    }

    [Fact]
    public void Should_list_what_matches_newest_first_and_page_by_page()
    {
        Assert.Equal(["3", "2", "1"], Listed(new()));
        Assert.Equal(["3", "1"], Listed(new() { Severity = AlertSeverity.Warning }));
        Assert.Equal(["2"], Listed(new() { Component = "gpu" }));
        Assert.Empty(Listed(new() { State = AlertState.Resolved }));
        Assert.Equal(["2"], Listed(new() { After = "3", Limit = 1 }));
        Assert.Equal("after", Assert.IsType<Refused>(AlertCommands.List(state, new() { After = "x" })).Field);
        Assert.Equal("limit", Assert.IsType<Refused>(AlertCommands.List(state, new() { Limit = 0 })).Field);
    }

    [Fact]
    public void Should_show_present_values_and_store_none()
    {
        var now = new AlertFinding(AlertKind.QueueUnserved, "gpu", AlertSeverity.Error, "now 9 tasks", 9, 1);
        var shown = state.Showing(System.Collections.Immutable.ImmutableDictionary<string, AlertFinding>.Empty.Add(now.Key, now));
        Assert.Equal(("now 9 tasks", 9), (shown.Book.Find("2")!.Message, shown.Book.Find("2")!.Value));
        Assert.Equal("it happened", shown.Book.Find("1")!.Message);
    }

    [Fact]
    public void Should_put_changed_thresholds_before_the_configuration_until_they_are_reset()
    {
        var report = Reply<AlertSettingsReport>(
            Set(new() { QueueAgeSeconds = 60 }, off: [AlertKind.WorkerLost], on: [AlertKind.StoreSlow]));
        Assert.Equal((60, 1800), (report.Thresholds.QueueAgeSeconds, report.Configured.QueueAgeSeconds));
        Assert.Equal([AlertThreshold.QueueAge], report.Overridden.AsEnumerable());
        Assert.Equal([AlertKind.WorkerLost], report.Off.AsEnumerable());
        Assert.Equal("anna", report.Changed!.By);
        Assert.Equal(TimeSpan.FromMinutes(1), state.InForce(Configured).QueueAge);

        report = Reply<AlertSettingsReport>(
            Set(new(), reset: [AlertThreshold.QueueAge], off: [AlertKind.StoreSlow], on: [AlertKind.WorkerLost]));
        Assert.Equal((1800, 0), (report.Thresholds.QueueAgeSeconds, report.Overridden.Length));
        Assert.Equal([AlertKind.StoreSlow], report.Off.AsEnumerable());
        Assert.Equal(2, state.Audit.Owed.Length);
        Assert.Contains("queue_age 60", state.Audit.Owed[0].Entry.After, StringComparison.Ordinal);
        Assert.Contains("off: store_slow", state.Audit.Owed[0].Entry.Before, StringComparison.Ordinal);

        Assert.Null(Set(new(), on: [AlertKind.WorkerLost]).Event);
    }

    [Fact]
    public void Should_refuse_thresholds_out_of_range_and_calls_that_contradict_themselves()
    {
        Assert.Equal("failure_rate", Refused(new() { FailureRate = 1.5 }).Field);
        Assert.Equal("flapping_losses", Refused(new() { FlappingLosses = 1 }).Field);
        Assert.Equal("raise_after_seconds", Refused(new() { RaiseAfterSeconds = double.NaN }).Field);
        Assert.Equal("thresholds", Refused(new()).Field);
        Assert.Equal("reset", Refused(new() { QueueAgeSeconds = 9 }, reset: [AlertThreshold.QueueAge]).Field);
        Assert.Equal("on", Refused(new(), off: [AlertKind.StoreFull], on: [AlertKind.StoreFull]).Field);

        Refused Refused(AlertThresholds thresholds, AlertThreshold[]? reset = null, AlertKind[]? off = null, AlertKind[]? on = null) =>
            Assert.IsType<Refused>(Set(thresholds, reset, off, on).Reply);
    }

    [Fact]
    public void Should_have_the_same_state_from_a_snapshot()
    {
        Reply<AlertReply>(AlertCommands.Decide(state, new AcknowledgeAlert { Id = "2", Note = "on it", By = "anna" }, T0));
        Set(new() { QueueAgeSeconds = 60 }, off: [AlertKind.WorkerLost]);
        state = state.Apply(new AlertsChanged
        {
            At = T0,
            Alerts = [AlertBook.Next(state.Book.Find("1")!, T0) with { State = AlertState.Resolved, ResolvedAt = T0 }],
        });

        var parts = state.ToParts(300).ToList();
        var restored = AlertsState.FromParts(parts);
        Assert.InRange(parts.Count, 2, 10);
        Assert.Equal(state.Book.NewestFirst, restored.Book.NewestFirst);
        Assert.Equal((state.Book.Raised, state.Audit.Last), (restored.Book.Raised, restored.Audit.Last));
        Assert.Equal(state.Audit.Owed.AsEnumerable(), restored.Audit.Owed);
        Assert.Equal(state.Overrides.Thresholds, restored.Overrides.Thresholds);
        Assert.Equal(AlertsState.Empty.Book.Raised, AlertsState.FromParts([.. AlertsState.Empty.ToParts(300)]).Book.Raised);
    }

    [Fact]
    public void Should_correct_times_of_a_clock_that_was_set_back()
    {
        Assert.True(state.IsDatedAfter(T0.AddHours(-1)));
        state = state.Apply(new ClockSetBack { At = T0.AddHours(-1) });
        Assert.False(state.IsDatedAfter(T0.AddHours(-1)));
        Assert.Equal(T0.AddHours(-1), state.Book.Find("1")!.RaisedAt);
    }

    private Decision<IWireMessage> Set(
        AlertThresholds thresholds, AlertThreshold[]? reset = null, AlertKind[]? off = null, AlertKind[]? on = null)
    {
        var command = new SetAlertSettings
        {
            Thresholds = thresholds,
            Reset = [.. reset ?? []],
            Off = [.. off ?? []],
            On = [.. on ?? []],
            Reason = "tuning",
            By = "anna",
        };
        var decision = AlertCommands.Decide(state, command, Configured, T0);
        state = decision.Event is null ? state : state.Apply(decision.Event);
        return decision;
    }

    private string[] Listed(ListAlerts query) =>
        [.. Assert.IsType<AlertPage>(AlertCommands.List(state, query)).Alerts.Select(alert => alert.Id)];

    private Refused Refused(AcknowledgeAlert command) => Assert.IsType<Refused>(AlertCommands.Decide(state, command, T0).Reply);

    private TReply Reply<TReply>(Decision<IWireMessage> decision)
        where TReply : IWireMessage
    {
        state = decision.Event is null or AlertSettingsChanged ? state : state.Apply(decision.Event);
        return Assert.IsAssignableFrom<TReply>(decision.Reply);
    }

    private void Raise(string id, string key, AlertSeverity severity)
    {
        var kind = key.StartsWith("worker", StringComparison.Ordinal) ? AlertKind.WorkerLost : AlertKind.QueueUnserved;
        var alert = new Alert
        {
            Id = id,
            Key = key,
            Kind = kind,
            Severity = severity,
            Component = key[(key.IndexOf(':', StringComparison.Ordinal) + 1)..],
            Message = "it happened",
            RaisedAt = T0,
            ChangedAt = T0,
        };
        state = state.Apply(new AlertsChanged { At = T0, Alerts = [alert] });
    }
}
