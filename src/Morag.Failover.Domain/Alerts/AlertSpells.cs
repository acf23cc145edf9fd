namespace Morag.Failover.Domain.Alerts;

/// <summary>
/// Since when conditions hold, and since when the conditions of open alerts are over. Kept in memory only: after a take-over the waits
/// start over, and no alert is raised or resolved early.
/// </summary>
public sealed record AlertSpells
{
    /// <summary>Nothing seen yet.</summary>
    public static readonly AlertSpells None = new();

    private ImmutableDictionary<string, DateTimeOffset> Held { get; init; } = ImmutableDictionary<string, DateTimeOffset>.Empty;

    private ImmutableDictionary<string, DateTimeOffset> Over { get; init; } = ImmutableDictionary<string, DateTimeOffset>.Empty;

    /// <summary>Since when a condition holds without a break; null if it does not.</summary>
    public DateTimeOffset? HeldSince(string key) => Held.TryGetValue(key, out var since) ? since : null;

    /// <summary>Since when the condition of an open alert is over without a break; null if it holds, or is not known to be over.</summary>
    public DateTimeOffset? OverSince(string key) => Over.TryGetValue(key, out var since) ? since : null;

    /// <summary>
    /// Adds the conditions that hold now. While the facts of a condition are missing, it is not known whether it holds, so its waits stop.
    /// </summary>
    public AlertSpells Seeing(
        ImmutableArray<AlertFinding> findings, ImmutableHashSet<AlertSource> missing, AlertBook book, DateTimeOffset now)
    {
        var keys = findings.Select(finding => finding.Key).ToHashSet(StringComparer.Ordinal);
        return new AlertSpells
        {
            Held = keys.ToImmutableDictionary(key => key, key => HeldSince(key) ?? now),
            Over = book.Open.Values
                .Where(open => !keys.Contains(open.Key) && !missing.Contains(AlertRules.SourceOf(open.Kind)))
                .ToImmutableDictionary(open => open.Key, open => OverSince(open.Key) ?? now),
        };
    }
}
