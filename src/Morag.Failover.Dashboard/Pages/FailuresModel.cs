using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Dashboard.Pages;

/// <summary>One page of the list of failures with their decisions.</summary>
public sealed record FailuresModel
{
    /// <summary>The decisions, newest first; null if no owner of failures answered.</summary>
    public required IReadOnlyList<FailoverDecision>? Decisions { get; init; }

    /// <summary>Where the next page begins; null if this is the last one.</summary>
    public string? Next { get; init; }

    /// <summary>The counts over all time; null if no owner of failures answered.</summary>
    public required FailureStatistics? Statistics { get; init; }

    /// <summary>The type that is shown; null for all.</summary>
    public FailureType? Type { get; init; }

    /// <summary>The worker that is shown; null for all.</summary>
    public WorkerId? Worker { get; init; }

    /// <summary>The numbers above the table.</summary>
    public IReadOnlyList<NamedCount> Counts =>
    [
        new("in the last 24 hours", Statistics?.RecentFailures24h, "warn"),
        new("ever", Statistics?.TotalFailures, "off", "/failures"),
        .. (Statistics?.FailureByType ?? ImmutableSortedDictionary<string, long>.Empty).OrderByDescending(count => count.Value)
            .Select(count => new NamedCount(Texts.Words(count.Key), count.Value, "off", $"/failures?type={count.Key}")),
    ];
}
