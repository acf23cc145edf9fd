using System.Globalization;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Alerts;

/// <summary>
/// The alerts: open ones by what they are about, and the last resolved ones. An alert is raised when its condition has held for a while and
/// resolved when the condition has been over for a while, so that a condition that comes and goes does not raise one alert after the other.
/// </summary>
public sealed record AlertBook
{
    /// <summary>No alerts.</summary>
    public static readonly AlertBook Empty = new();

    /// <summary>How many alerts were raised so far.</summary>
    public long Raised { get; init; }

    /// <summary>Open alerts, by key.</summary>
    public ImmutableSortedDictionary<string, Alert> Open { get; init; } =
        ImmutableSortedDictionary.Create<string, Alert>(StringComparer.Ordinal);

    /// <summary>The last resolved alerts, in the order in which they were resolved.</summary>
    public ImmutableList<Alert> Resolved { get; init; } = [];

    /// <summary>All alerts, those that were raised last first.</summary>
    public IEnumerable<Alert> NewestFirst => Open.Values.Concat(Resolved).OrderByDescending(NumberOf);

    /// <summary>The alert with a number; null if there is none, or it is forgotten.</summary>
    public Alert? Find(string id) => Open.Values.FirstOrDefault(alert => alert.Id == id) ?? Resolved.Find(alert => alert.Id == id);

    /// <summary>
    /// What changed, from the conditions that hold now, at most <see cref="AlertsChanged.MaxAlerts"/> alerts at once. Null if nothing did.
    /// A condition whose facts are missing keeps its alert.
    /// </summary>
    /// <param name="findings">The conditions that hold.</param>
    /// <param name="missing">Facts that could not be read.</param>
    /// <param name="spells">Since when conditions hold, and since when those of open alerts are over.</param>
    /// <param name="settings">The times.</param>
    /// <param name="now">The time.</param>
    public AlertsChanged? Decide(
        ImmutableArray<AlertFinding> findings,
        ImmutableHashSet<AlertSource> missing,
        AlertSpells spells,
        AlertSettings settings,
        DateTimeOffset now)
    {
        var holding = findings.Select(finding => finding.Key).ToHashSet(StringComparer.Ordinal);
        var over = from open in Open.Values
                   where !holding.Contains(open.Key)
                       && !missing.Contains(AlertRules.SourceOf(open.Kind))
                       && spells.OverSince(open.Key) is { } since
                       && since + settings.ResolveAfter <= now
                   select Next(open, now) with { State = AlertState.Resolved, ResolvedAt = now };
        ImmutableArray<Alert> changed =
            [.. Raise(findings, spells, settings, now).Concat(Worsened(findings, now)).Concat(over).Take(AlertsChanged.MaxAlerts)];
        var forgotten = CountToForget(changed.Count(alert => alert.State == AlertState.Resolved), settings, now);
        return changed.IsEmpty && forgotten == 0 ? null : new AlertsChanged { At = now, Alerts = changed, Forgotten = forgotten };
    }

    private IEnumerable<Alert> Raise(
        ImmutableArray<AlertFinding> findings, AlertSpells spells, AlertSettings settings, DateTimeOffset now)
    {
        var number = Raised;
        return from finding in findings
               where !Open.ContainsKey(finding.Key)
                   && spells.HeldSince(finding.Key) is { } since
                   && since + settings.RaiseAfter <= now
               select New(finding, ++number, now);
    }

    private IEnumerable<Alert> Worsened(ImmutableArray<AlertFinding> findings, DateTimeOffset now) =>
        from finding in findings
        where Open.TryGetValue(finding.Key, out var known) && known.Severity != finding.Severity
        select Next(Open[finding.Key], now) with { Severity = finding.Severity, Message = finding.Message, Value = finding.Value };

    /// <summary>Applies an event.</summary>
    public AlertBook Apply(AlertsChanged changed)
    {
        var (open, resolved) = (Open.ToBuilder(), Resolved.ToBuilder());
        var raised = Raised;
        foreach (var alert in changed.Alerts)
        {
            raised = Math.Max(raised, NumberOf(alert));
            if (alert.State == AlertState.Resolved)
            {
                open.Remove(alert.Key);
                resolved.Add(alert);
            }
            else
            {
                open[alert.Key] = alert;
            }
        }

        resolved.RemoveRange(0, Math.Min(changed.Forgotten, resolved.Count));
        return new AlertBook { Raised = raised, Open = open.ToImmutable(), Resolved = resolved.ToImmutable() };
    }

    /// <summary>An alert that changes now.</summary>
    public static Alert Next(Alert alert, DateTimeOffset now) => alert with { ChangedAt = now, Revision = alert.Revision + 1 };

    /// <summary>The number of an alert, which is its id.</summary>
    public static long NumberOf(Alert alert) => long.Parse(alert.Id, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>How many of the oldest resolved alerts are beyond the number or the time that they are kept.</summary>
    private int CountToForget(int added, AlertSettings settings, DateTimeOffset now)
    {
        var tooOld = Resolved.FindIndex(alert => alert.ResolvedAt > now - settings.ResolvedKeptFor);
        return Math.Max(Resolved.Count + added - settings.ResolvedKept, tooOld < 0 ? Resolved.Count : tooOld);
    }

    private static Alert New(AlertFinding finding, long number, DateTimeOffset now) => new()
    {
        Id = number.ToString(CultureInfo.InvariantCulture),
        Key = finding.Key,
        Kind = finding.Kind,
        Severity = finding.Severity,
        Component = finding.Component,
        Message = finding.Message,
        Value = finding.Value,
        Threshold = finding.Threshold,
        RaisedAt = now,
        ChangedAt = now,
    };
}
