using System.Collections.Immutable;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Dashboard;
using Morag.Failover.Node.Http.Tasks;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>How the tasks that wait in a queue spread over ages and priorities. One search over all tasks counts them.</summary>
internal sealed record QueueCounts
{
    private static readonly ImmutableArray<(string Name, string Filter)> AgeFilters =
    [
        ("under 1 min", "waiting<1m"),
        ("1 to 15 min", "waiting>=1m waiting<15m"),
        ("15 min to 1 h", "waiting>=15m waiting<1h"),
        ("1 h to 1 day", "waiting>=1h waiting<1d"),
        ("over 1 day", "waiting>=1d"),
    ];

    private static readonly ImmutableArray<(string Name, string Filter)> PriorityFilters =
    [
        .. Enum.GetValues<TaskPriority>().OrderDescending()
            .Select(priority => (Texts.Words(priority), $"state:queued,delayed priority:{WireName.Of(priority)}")),
    ];

    /// <summary>The tasks by age.</summary>
    public required IReadOnlyList<NamedCount> Ages { get; init; }

    /// <summary>The tasks by priority.</summary>
    public required IReadOnlyList<NamedCount> Priorities { get; init; }

    public static async Task<QueueCounts> ReadAsync(HttpContext context, FailoverGateway gateway, SteadyClock clock, QueueName queue)
    {
        var filters = AgeFilters.AddRange(PriorityFilters);
        var (_, counts) = await SearchEndpoints.CountsOf(context, gateway, new SearchTasks
        {
            Partition = 0,
            Filter = $"queue:{queue}",
            Parts = [.. filters.Select(filter => filter.Filter)],
            At = clock.GetUtcNow(),
        });
        NamedCount[] named =
        [
            .. filters.Zip(counts, (filter, count) =>
                new NamedCount(filter.Name, count, "busy", PageAddress.With("/tasks", "filter", $"queue:{queue} {filter.Filter}"))),
        ];
        return new() { Ages = named[..AgeFilters.Length], Priorities = named[AgeFilters.Length..] };
    }
}
