using System.Collections.Immutable;
using Akka.Actor;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Node.Http.Alerts;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Failures;
using Morag.Failover.Node.Http.Queues;
using Morag.Failover.Node.Http.Workers;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The counts of the whole cluster, as far as their owners answered.</summary>
internal sealed record OverviewReading
{
    /// <summary>The counts of workers; null if none are known.</summary>
    public WorkerStats? Workers { get; init; }

    /// <summary>The counts of each queue; null if none are known.</summary>
    public ImmutableArray<QueueStats>? Queues { get; init; }

    /// <summary>The counts of failures; null if none are known.</summary>
    public FailureStatistics? Failures { get; init; }

    /// <summary>Since when the oldest task of a queue has waited.</summary>
    public required IReadOnlyDictionary<QueueName, DateTimeOffset> Oldest { get; init; }

    /// <summary>The owners that fail.</summary>
    public required ImmutableArray<OwnerAlert> OwnersDown { get; init; }

    /// <summary>The open alerts, acknowledged or not, those that were raised last first; null if they are not known.</summary>
    public ImmutableArray<Alert>? OpenAlerts { get; init; }

    /// <summary>What did not answer.</summary>
    public required IReadOnlyList<string> Missing { get; init; }
}

/// <summary>Reads the counts for all pages that are open at this node, at most once per second.</summary>
internal sealed class OverviewReader
{
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);

    private readonly FailoverGateway gateway;
    private readonly ActorSystem system;
    private readonly OwnerHealth health;
    private readonly SharedReading<OverviewReading> readings;

    public OverviewReader(FailoverGateway gateway, ActorSystem system, OwnerHealth health)
    {
        (this.gateway, this.system, this.health) = (gateway, system, health);
        readings = new(ReadNowAsync, Kept);
    }

    public Task<OverviewReading> ReadAsync() => readings.GetAsync();

    private async Task<OverviewReading> ReadNowAsync()
    {
        var (call, missing) = PageReads.BeginApart(gateway);
        var workers = Part("every worker", WorkerEndpoints.Count(call, gateway));
        var queues = Part("every queue", QueueEndpoints.Count(call, gateway));
        var failures = Part("every failure", FailureEndpoints.Count(call, gateway));
        var down = ClusterAlerts.ReadAsync(system, health, gateway.Stopping);
        var alerts = Task.WhenAll(Alerts(AlertState.Active), Alerts(AlertState.Acknowledged));
        var demand = Part("the age of every queue", gateway.AskEveryQueue<QueueDemandReply>(
            call, partition => new GetQueueDemand { Partition = partition, Within = TimeSpan.Zero }));
        await Task.WhenAll(workers, queues, failures, down, alerts, demand);
        Answer.AddMissingParts(call, (await down).SilentNodes.Select(node => $"node {node}"));
        return new()
        {
            Workers = await workers,
            Queues = await queues is { } counts ? [.. counts] : null,
            Failures = await failures,
            Oldest = OldestOf(await demand ?? []),
            OwnersDown = (await down).Alerts,
            OpenAlerts = OpenOf(await alerts),
            Missing = missing.Names,
        };

        static Dictionary<QueueName, DateTimeOffset> OldestOf(List<QueueDemandReply> parts) => parts
            .SelectMany(part => part.Queues)
            .Where(queue => queue.OldestSince is not null)
            .GroupBy(queue => queue.Queue)
            .ToDictionary(queue => queue.Key, queue => queue.Min(part => part.OldestSince!.Value));

        Task<List<Alert>?> Alerts(AlertState state) =>
            Part("the alerts", AlertEndpoints.ReadAll(call, gateway, new ListAlerts { State = state }));

        // An alert that is acknowledged while they are read can be in both.
        static ImmutableArray<Alert>? OpenOf(List<Alert>?[] parts) => parts.Contains(null)
            ? null
            : [.. parts.SelectMany(part => part!).DistinctBy(alert => alert.Id).OrderByDescending(alert => alert.RaisedAt)];

        Task<T?> Part<T>(string name, Task<T> reading)
            where T : class => PageReads.Optional(call, name, reading);
    }
}
