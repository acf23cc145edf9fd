using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>The exact counts of one coordinator's failures. They include failures that are no longer kept.</summary>
public sealed record FailureTally
{
    /// <summary>The minutes in 24 h. The minute in which they began is kept as well, because part of it counts.</summary>
    private const int RecentMinutes = 24 * 60;

    /// <summary>No failure yet.</summary>
    public static readonly FailureTally Empty = new();

    /// <summary>All failures ever decided.</summary>
    public long Total { get; init; }

    /// <summary>All failures by type.</summary>
    public ImmutableSortedDictionary<FailureType, long> ByType { get; init; } = ImmutableSortedDictionary<FailureType, long>.Empty;

    /// <summary>The failures of the last 24 h, by the minute of their decision since 1970.</summary>
    public ImmutableSortedDictionary<long, long> ByMinute { get; init; } = ImmutableSortedDictionary<long, long>.Empty;

    /// <summary>With one more.</summary>
    public FailureTally With(FailureType type, DateTimeOffset decidedAt)
    {
        var minute = MinuteOf(decidedAt);
        var byMinute = ByMinute.SetItem(minute, ByMinute.GetValueOrDefault(minute) + 1);
        while (byMinute.Keys.First() < minute - RecentMinutes)
        {
            byMinute = byMinute.Remove(byMinute.Keys.First());
        }

        return new FailureTally
        {
            Total = Total + 1,
            ByType = ByType.SetItem(type, ByType.GetValueOrDefault(type) + 1),
            ByMinute = byMinute,
        };
    }

    /// <summary>Whether it counted failures in a minute that has not begun.</summary>
    public bool IsAheadOf(DateTimeOffset now) => !ByMinute.IsEmpty && ByMinute.Keys.Last() > MinuteOf(now);

    /// <summary>With the failures of minutes that have not begun counted in the present one.</summary>
    public FailureTally NotAheadOf(DateTimeOffset now)
    {
        var present = MinuteOf(now);
        var ahead = ByMinute.Where(minute => minute.Key > present).ToList();
        return ahead.Count == 0 ? this : this with
        {
            ByMinute = ByMinute
                .RemoveRange(ahead.Select(minute => minute.Key))
                .SetItem(present, ByMinute.GetValueOrDefault(present) + ahead.Sum(minute => minute.Value)),
        };
    }

    /// <summary>The counts as they stand at a time. The last 24 h include the whole minute that they began in.</summary>
    public FailureStatistics At(DateTimeOffset now) => new()
    {
        TotalFailures = Total,
        RecentFailures24h = ByMinute.Where(bucket => bucket.Key >= MinuteOf(now) - RecentMinutes).Sum(bucket => bucket.Value),
        FailureByType = ByType.ToImmutableSortedDictionary(
            count => WireName.Of(count.Key), count => count.Value, StringComparer.Ordinal),
    };

    private static long MinuteOf(DateTimeOffset time) => time.ToUnixTimeSeconds() / 60;
}
