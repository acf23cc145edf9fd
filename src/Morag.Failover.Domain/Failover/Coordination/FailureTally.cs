using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>The exact counts of one coordinator's failures, kept also beyond the failures themselves.</summary>
public sealed record FailureTally
{
    /// <summary>The hours of which the last 24 h consist: the present one and those before it.</summary>
    private const int RecentHours = 24;

    /// <summary>No failure yet.</summary>
    public static readonly FailureTally Empty = new();

    /// <summary>All failures ever decided.</summary>
    public long Total { get; init; }

    /// <summary>All failures by type.</summary>
    public ImmutableSortedDictionary<FailureType, long> ByType { get; init; } = ImmutableSortedDictionary<FailureType, long>.Empty;

    /// <summary>The failures of the last hours, by the hour of their decision since 1970.</summary>
    public ImmutableSortedDictionary<long, long> ByHour { get; init; } = ImmutableSortedDictionary<long, long>.Empty;

    /// <summary>With one more.</summary>
    public FailureTally With(FailureType type, DateTimeOffset decidedAt)
    {
        var hour = HourOf(decidedAt);
        var byHour = ByHour.SetItem(hour, ByHour.GetValueOrDefault(hour) + 1);
        while (byHour.Keys.First() <= hour - RecentHours)
        {
            byHour = byHour.Remove(byHour.Keys.First());
        }

        return new FailureTally
        {
            Total = Total + 1,
            ByType = ByType.SetItem(type, ByType.GetValueOrDefault(type) + 1),
            ByHour = byHour,
        };
    }

    /// <summary>Whether it counted failures in an hour that has not begun.</summary>
    public bool IsAheadOf(DateTimeOffset now) => !ByHour.IsEmpty && ByHour.Keys.Last() > HourOf(now);

    /// <summary>With the failures of hours that have not begun counted in the present one.</summary>
    public FailureTally NotAheadOf(DateTimeOffset now)
    {
        var present = HourOf(now);
        var ahead = ByHour.Where(hour => hour.Key > present).ToList();
        return ahead.Count == 0 ? this : this with
        {
            ByHour = ByHour.RemoveRange(ahead.Select(hour => hour.Key)).SetItem(present, ByHour.GetValueOrDefault(present) + ahead.Sum(hour => hour.Value)),
        };
    }

    /// <summary>The counts as they stand at a time.</summary>
    public FailureStatistics At(DateTimeOffset now) => new()
    {
        TotalFailures = Total,
        RecentFailures24h = ByHour.Where(bucket => bucket.Key > HourOf(now) - RecentHours).Sum(bucket => bucket.Value),
        FailureByType = ByType.ToImmutableSortedDictionary(
            count => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(count.Key.ToString()), count => count.Value, StringComparer.Ordinal),
    };

    private static long HourOf(DateTimeOffset time) => time.ToUnixTimeSeconds() / 3600;
}
