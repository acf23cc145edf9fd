using System.Collections.Immutable;
using Akka.Actor;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Activity;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Dashboard;
using Morag.Failover.Node.Http.Nodes;
using Morag.Failover.Node.Http.Tasks;
using Morag.Failover.Node.Http.Workers;

namespace Morag.Failover.Node.Http.Summary;

/// <summary>Reads the summary for all who ask this node for it, at most once per second.</summary>
internal sealed class SummaryReader
{
    private const string RecentTasks = "20";
    private const string FirstWorkers = "100";
    private const int MostAlerts = 200;

    private readonly FailoverGateway gateway;
    private readonly ActorSystem system;
    private readonly OwnerHealth health;
    private readonly OverviewReader overview;
    private readonly NodeAnnouncements announcements;
    private readonly ActivityRecorder activity;
    private readonly SteadyClock clock;
    private readonly SharedReading<SummaryAnswer> readings;

    public SummaryReader(
        FailoverGateway gateway,
        ActorSystem system,
        OwnerHealth health,
        OverviewReader overview,
        NodeAnnouncements announcements,
        ActivityRecorder activity,
        SteadyClock clock)
    {
        (this.gateway, this.system, this.health) = (gateway, system, health);
        (this.overview, this.announcements, this.activity, this.clock) = (overview, announcements, activity, clock);
        readings = new(ReadNowAsync, TimeSpan.FromSeconds(1));
    }

    public Task<SummaryAnswer> ReadAsync() => readings.GetAsync();

    private async Task<SummaryAnswer> ReadNowAsync()
    {
        var (call, missing) = PageReads.BeginApart(gateway);
        var now = clock.GetUtcNow();
        var counts = overview.ReadAsync();
        var workers = PageReads.Optional(
            call, "every worker", WorkerEndpoints.ListPage(call, gateway, FirstWorkers, after: null));
        var newest = new SearchTasks { Partition = 0, Sort = "-updated", At = now };
        var tasks = PageReads.OptionalEvenIfBusy(
            call, "the recent tasks", SearchEndpoints.ReadPage(call, gateway, newest, RecentTasks, after: null));
        await Task.WhenAll(counts, workers, tasks);
        var reading = await counts;
        missing.Add(reading.Missing);
        var (firstWorkers, nextWorker) = await workers;
        var periods = new ActivityPeriods(activity.Rollups, now);
        return new()
        {
            At = now,
            System = new()
            {
                Cluster = NodeEndpoints.StatusOf(system, health),
                Nodes = NodeEndpoints.NodesOf(system, announcements),
                OwnersDown = reading.OwnersDown,
                Queues = reading.Queues,
                OldestWaiting = reading.Oldest.ToImmutableSortedDictionary(
                    queue => queue.Key.Value, queue => queue.Value, StringComparer.Ordinal),
                Failures = reading.Failures,
            },
            Workers = new() { Counts = reading.Workers, First = Known(firstWorkers), HasMore = nextWorker is not null },
            RecentTasks = Known((await tasks).Entries),
            OpenAlerts = reading.OpenAlerts is { } alerts ? [.. alerts.Take(MostAlerts)] : null,
            HasMoreAlerts = reading.OpenAlerts?.Length > MostAlerts,
            Hourly = periods.Hourly,
            Daily = periods.Daily,
            CountedSince = new()
            {
                Failures = activity.Rollups.KnownSince(ActivityKind.Failure),
                Completed = activity.Rollups.KnownSince(ActivityKind.Completion),
                Recoveries = activity.Rollups.KnownSince(ActivityKind.Recovery),
            },
            Incomplete = missing.Names,
        };
    }

    private static ImmutableArray<T>? Known<T>(IReadOnlyList<T>? entries) => entries is null ? null : [.. entries];
}
