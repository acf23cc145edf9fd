using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Dashboard;
using Morag.Failover.Node.Http.Tasks;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>How the tasks that wait in a queue spread over ages and priorities. Each number is a search over all tasks.</summary>
internal static class QueueCounts
{
    private static readonly (string Name, string Filter)[] Ages =
    [
        ("under 1 min", "waiting<1m"),
        ("1 to 15 min", "waiting>=1m waiting<15m"),
        ("15 min to 1 h", "waiting>=15m waiting<1h"),
        ("1 h to 1 day", "waiting>=1h waiting<1d"),
        ("over 1 day", "waiting>=1d"),
    ];

    public static Task<List<NamedCount>> ByAge(HttpContext context, FailoverGateway gateway, SteadyClock clock, QueueName queue) =>
        CountEach(context, gateway, clock, queue, Ages);

    public static Task<List<NamedCount>> ByPriority(HttpContext context, FailoverGateway gateway, SteadyClock clock, QueueName queue) =>
        CountEach(context, gateway, clock, queue, Enum.GetValues<TaskPriority>().OrderDescending()
            .Select(priority => (Texts.Words(priority), $"state:queued,delayed priority:{WireName.Of(priority)}")));

    private static async Task<List<NamedCount>> CountEach(
        HttpContext context,
        FailoverGateway gateway,
        SteadyClock clock,
        QueueName queue,
        IEnumerable<(string Name, string Filter)> parts)
    {
        var counts = new List<NamedCount>();
        foreach (var (name, filter) in parts)
        {
            var search = new SearchTasks { Partition = 0, Filter = $"queue:{queue} {filter}", At = clock.GetUtcNow() };
            var count = await SearchEndpoints.CountOf(context, gateway, search);
            counts.Add(new(name, count, "busy", PageAddress.With("/tasks", "filter", search.Filter)));
        }

        return counts;
    }
}
