using System.Globalization;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Alerts;

/// <summary>Operators list and acknowledge alerts, and change the thresholds.</summary>
public static class AlertCommands
{
    /// <summary>A page of alerts.</summary>
    public static IWireMessage List(AlertsState state, ListAlerts query)
    {
        long after = 0;
        if (query.Limit is < 1 or > CallLimits.MaxPage)
        {
            return Refused.Invalid("limit", $"must be 1 to {CallLimits.MaxPage}");
        }

        if (query.After is { } text && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            return Refused.Invalid("after", "must be the number of an alert");
        }

        var (alerts, hasMore) = state.Book.NewestFirst
            .SkipWhile(alert => query.After is not null && AlertBook.NumberOf(alert) >= after)
            .Where(alert => (query.State is null || alert.State == query.State)
                && (query.Severity is null || alert.Severity == query.Severity)
                && (query.Component is null || alert.Component == query.Component))
            .FirstPage(query.Limit, WireSize.Of, MessageLimits.MaxGatheredBytes);
        return new AlertPage { Alerts = alerts, HasMore = hasMore };
    }

    /// <summary>One alert.</summary>
    public static IWireMessage Find(AlertsState state, string id) =>
        state.Book.Find(id) is { } alert ? new AlertReply { Alert = alert } : NoSuchAlert(id);

    /// <summary>Acknowledges an alert.</summary>
    public static Decision<IWireMessage> Decide(AlertsState state, AcknowledgeAlert command, DateTimeOffset now) =>
        Move(state, command.Id, AlertState.Acknowledged, (AuditAction.AlertAcknowledge, command.By, command.Note), now);

    /// <summary>Takes back an acknowledgement.</summary>
    public static Decision<IWireMessage> Decide(AlertsState state, UnacknowledgeAlert command, DateTimeOffset now) =>
        Move(state, command.Id, AlertState.Active, (AuditAction.AlertUnacknowledge, command.By, command.Note), now);

    /// <summary>Changes thresholds, and turns rules on and off.</summary>
    public static Decision<IWireMessage> Decide(AlertsState state, SetAlertSettings command, AlertSettings configured, DateTimeOffset now)
    {
        if (Refusal(command) is { } refused)
        {
            return Decision.Unchanged<IWireMessage>(refused);
        }

        var before = state.Overrides;
        var (off, on) = (state.InForce(configured).Off.Union(command.Off).Except(command.On).ToList(), configured.Off);
        var overrides = new AlertOverrides
        {
            Thresholds = command.Thresholds.Or(before.Thresholds.Without(command.Reset)),
            Off = [.. off.Except(on).Order()],
            On = [.. on.Except(off).Order()],
        };
        if (overrides.Thresholds == before.Thresholds && overrides.Off.SequenceEqual(before.Off) && overrides.On.SequenceEqual(before.On))
        {
            return Decision.Unchanged<IWireMessage>(Report(state, configured));
        }

        var changed = new AlertSettingsChanged
        {
            Overrides = overrides with { Changed = new OperatorChange { At = now, By = command.By, Reason = command.Reason } },
        };
        var after = state.Apply(changed);
        return new(
            changed with
            {
                Audit = new AuditEntry
                {
                    At = now,
                    By = command.By,
                    Action = AuditAction.AlertSettings,
                    Target = "alerts",
                    Reason = command.Reason,
                    Before = Describe(state.InForce(configured)),
                    After = Describe(after.InForce(configured)),
                },
            },
            Report(after, configured));
    }

    /// <summary>The thresholds in force and those of the configuration.</summary>
    public static AlertSettingsReport Report(AlertsState state, AlertSettings configured)
    {
        var inForce = state.InForce(configured);
        return new AlertSettingsReport
        {
            Thresholds = inForce.ToThresholds(),
            Configured = configured.ToThresholds(),
            Overridden = state.Overrides.Thresholds.Given,
            Off = inForce.Off,
            Changed = state.Overrides.Changed,
        };
    }

    private static string Describe(AlertSettings settings)
    {
        var thresholds = settings.ToThresholds();
        var values = string.Join(", ", thresholds.Given.Select(threshold => string.Create(
            CultureInfo.InvariantCulture, $"{WireName.Of(threshold)} {thresholds.ValueOf(threshold)}")));
        return settings.Off.IsEmpty ? values : $"{values}; off: {string.Join(", ", settings.Off.Select(WireName.Of))}";
    }

    private static Decision<IWireMessage> Changed(
        Alert before, Alert after, (AuditAction Action, string By, string Reason) what, DateTimeOffset now) => new(
            new AlertsChanged
            {
                At = now,
                Alerts = [after],
                Audit = new AuditEntry
                {
                    At = now,
                    By = what.By,
                    Action = what.Action,
                    Target = after.Id,
                    Reason = what.Reason,
                    Before = $"{WireName.Of(before.State)}: {before.Key}",
                    After = $"{WireName.Of(after.State)}: {after.Key}",
                },
            },
            new AlertReply { Alert = after });

    private static Decision<IWireMessage> Move(
        AlertsState state, string id, AlertState to, (AuditAction Action, string By, string Note) what, DateTimeOffset now)
    {
        if (Refusal(state, id, what.Note, what.By) is { } refused)
        {
            return Decision.Unchanged<IWireMessage>(refused);
        }

        var alert = state.Book.Find(id)!;
        if (alert.State == to)
        {
            return Decision.Unchanged<IWireMessage>(new AlertReply { Alert = alert });
        }

        var isAcknowledged = to == AlertState.Acknowledged;
        var after = AlertBook.Next(alert, now) with
        {
            State = to,
            AcknowledgedBy = isAcknowledged ? what.By : null,
            AcknowledgedAt = isAcknowledged ? now : null,
            Note = isAcknowledged && what.Note.Length > 0 ? what.Note : null,
        };
        return Changed(alert, after, what, now);
    }

    private static Refused? Refusal(AlertsState state, string id, string note, string by) =>
        TextBytes.BrokenRule(note, CallLimits.MaxReasonBytes) is { } rule ? Refused.Invalid("note", $"note {rule}")
        : Nameless(by) is { } nameless ? nameless
        : state.Book.Find(id) is not { } alert ? NoSuchAlert(id)
        : alert.State == AlertState.Resolved ? Refused.Conflict($"Alert {id} is resolved and can no longer be changed.")
        : null;

    private static Refused? Refusal(SetAlertSettings command) =>
        string.IsNullOrWhiteSpace(command.Reason) ? Refused.Invalid("reason", "reason must not be empty")
        : Nameless(command.By) is { } nameless ? nameless
        : command is { Thresholds.Given.IsEmpty: true, Reset.IsEmpty: true, Off.IsEmpty: true, On.IsEmpty: true }
            ? Refused.Invalid("thresholds", "Give at least one threshold to change or to reset, or a rule to turn on or off.")
        : command.Thresholds.BrokenRule() is var (field, rule) ? Refused.Invalid(field, $"{field} {rule}")
        : command.Thresholds.Given.Intersect(command.Reset).ToList() is [var both, ..]
            ? Refused.Invalid("reset", $"{WireName.Of(both)} cannot be changed and reset in one call.")
        : command.Off.Intersect(command.On).ToList() is [var onAndOff, ..]
            ? Refused.Invalid("on", $"{WireName.Of(onAndOff)} cannot be turned on and off in one call.")
        : null;

    private static Refused? Nameless(string by) =>
        TextBytes.BrokenRule(by, CallLimits.MaxReasonBytes) is { } rule ? Refused.Invalid("by", $"by {rule}") : null;

    private static Refused NoSuchAlert(string id) =>
        Refused.Unknown(id.Length <= 20 ? $"there is no alert {id}, or it is forgotten" : "there is no such alert");
}
