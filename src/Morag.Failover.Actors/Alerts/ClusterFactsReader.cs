using Akka.Cluster;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Alerts;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Alerts;

/// <summary>
/// Reads the facts with the queries that the lists and counts of the HTTP API use too. The owners answer them from memory. No task waits
/// for it.
/// </summary>
internal sealed class ClusterFactsReader(ActorSystem system, IFailoverRegions regions, FailoverSettings settings, OwnerHealth health)
    : IAlertFactsReader
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long an owner may take to start before it counts as down.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(1);

    /// <summary>The most needs that an alert about an unserved queue names.</summary>
    private const int MostNeeds = 5;

    public async Task<AlertReading> ReadAsync()
    {
        var partitions = settings.Partitions;
        var stats = AskAll<QueueStatsReply>(
            regions.Queues, partitions.Queues, number => new GetQueueStats { Partition = number });
        var demands = AskAll<QueueDemandReply>(
            regions.Queues, partitions.Queues, number => new GetQueueDemand { Partition = number });
        var failures = AskAll<FailureStatistics>(
            regions.Coordinators, partitions.Coordinators, number => new GetFailureStatistics { Partition = number });
        var buckets = AskAll<TroubledWorkers>(
            regions.Directory, partitions.DirectoryBuckets, number => new GetTroubledWorkers { Bucket = number });
        var nodes = await ClusterAlerts.AskAllAsync(system, CancellationToken.None);
        var (workers, counts, waits) = (await buckets, await stats, await demands);

        var missing = ImmutableHashSet.CreateBuilder<AlertSource>();
        AddIf(counts is null || waits is null, AlertSource.Queues);
        AddIf(workers is null || workers.Any(bucket => bucket.HasMore), AlertSource.Workers);
        AddIf(nodes.Any(node => node.Alerts is null), AlertSource.Nodes);
        var (owners, areKnown) = OwnersOf(nodes, health.Down, system.Scheduler.Now);
        AddIf(!areKnown, AlertSource.Owners);
        var facts = new AlertFacts
        {
            Queues = counts is null || waits is null ? [] : Queues(counts, waits, system.Scheduler.Now),
            Workers = [.. (workers ?? []).SelectMany(bucket => bucket.Workers)],
            StoreLatency = nodes.Where(node => node.Alerts?.SlowestWrite is not null)
                .ToImmutableSortedDictionary(node => node.Node, node => node.Alerts!.SlowestWrite!.Value, StringComparer.Ordinal),
            StoreUse = nodes.Max(node => node.Alerts?.StoreUse),
            UnreachableNodes =
            [
                .. Akka.Cluster.Cluster.Get(system).State.Unreachable.Select(member => NodeName.Of(member.Address))
                    .Order(StringComparer.Ordinal),
            ],
            Owners = owners,
            Missing = missing.ToImmutable(),
        };
        return new AlertReading(
            facts,
            (await failures)?.Sum(part => part.TotalFailures),
            counts?.SelectMany(part => part.Queues).Sum(queue => queue.CompletedTasks));

        void AddIf(bool isMissing, AlertSource source)
        {
            if (isMissing)
            {
                missing.Add(source);
            }
        }
    }

    /// <summary>
    /// The owners that do not serve, and whether all of them are known. An owner from which this node has heard nothing since it started
    /// may have been down before, so it is not known to serve; after a while it counts as down.
    /// </summary>
    internal static (ImmutableArray<OwnerAlert> Owners, bool AreKnown) OwnersOf(
        (string Node, NodeAlerts? Alerts)[] nodes, IReadOnlyDictionary<string, DownOwner> down, DateTimeOffset now)
    {
        var unheard = down.Where(owner => owner.Value.IsStarting).ToList();
        var silent = unheard.Where(owner => now - owner.Value.Since >= StartPatience)
            .ToDictionary(owner => owner.Key, owner => owner.Value with { IsStarting = false });
        var known = down.ToDictionary(owner => owner.Key, owner => silent.GetValueOrDefault(owner.Key, owner.Value));
        return (
            ClusterAlerts.Of(nodes, known).Alerts,
            unheard.Count == silent.Count && Array.TrueForAll(nodes, node => node.Alerts is not null));
    }

    private ImmutableArray<QueueFacts> Queues(
        IReadOnlyList<QueueStatsReply> counts, IReadOnlyList<QueueDemandReply> waits, DateTimeOffset now)
    {
        var parts = counts.SelectMany(part => part.Queues).ToLookup(queue => queue.QueueType);
        var demands = waits.SelectMany(part => part.Queues).ToLookup(queue => queue.Queue);
        return
        [
            .. from queue in settings.Queues.Definitions
               let oldest = demands[queue.Name].Min(part => part.OldestSince)
               select new QueueFacts(
                   new QueueStats
                   {
                       QueueType = queue.Name,
                       ParkedTasks = parts[queue.Name].Sum(part => part.ParkedTasks),
                       Pause = parts[queue.Name].Select(part => part.Pause).FirstOrDefault(pause => pause is not null),
                       UnmetNeeds =
                       [
                           .. parts[queue.Name].SelectMany(part => part.UnmetNeeds)
                               .GroupBy(unmet => unmet.Need)
                               .Select(unmet => new UnmetNeed { Need = unmet.Key, Tasks = unmet.Sum(part => part.Tasks) })
                               .OrderByDescending(unmet => unmet.Tasks)
                               .Take(MostNeeds),
                       ],
                   },
                   oldest is { } since && since < now ? now - since : null),
        ];
    }

    /// <summary>The answers of all owners of a kind; null if one is missing.</summary>
    private static async Task<IReadOnlyList<TAnswer>?> AskAll<TAnswer>(
        IActorRef region, int count, Func<int, IWireMessage> message)
        where TAnswer : class
    {
        var answers = await Task.WhenAll(
            Enumerable.Range(0, count).Select(number => Ask<TAnswer>(region, message(number))));
        return Array.Exists(answers, answer => answer is null) ? null : Array.ConvertAll(answers, answer => answer!);
    }

    private static async Task<TAnswer?> Ask<TAnswer>(IActorRef region, IWireMessage message)
        where TAnswer : class
    {
        try
        {
            return await region.Ask<object>(message, AnswerTimeout) as TAnswer;
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }
}
