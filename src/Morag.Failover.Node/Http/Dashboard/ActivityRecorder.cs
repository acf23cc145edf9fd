using System.Collections.Immutable;
using Akka.Actor;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Activity;
using Morag.Failover.Node.Logging;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>
/// This node's record of what happened in the cluster, in memory. Failures and decisions come from the live events, and those before the
/// start of the node from the stored history. Recoveries are not stored, and completed tasks have no events: their numbers come from the
/// counters of the queues. Both are known since this node started.
/// </summary>
internal sealed class ActivityRecorder(FailoverGateway gateway, ActorSystem system, SteadyClock clock, ILogger<ActivityRecorder> log)
    : BackgroundService
{
    /// <summary>The shortest time between two reports that something has changed.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    /// <summary>How often the counters are read while nobody looks.</summary>
    private static readonly TimeSpan UnwatchedInterval = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan HistoryPause = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly SemaphoreSlim changed = new(0, 1);
    private readonly Dictionary<QueueName, QueueStats> counters = [];
    private readonly ChangeSignal signal = new();
    private readonly EarlyDecisions early = new(clock.GetUtcNow());
    private ActivityRollups rollups = ActivityRollups.Empty;
    private DateTimeOffset lastReading = DateTimeOffset.MinValue;
    private event Action? Changed;

    /// <summary>What happened so far.</summary>
    public ActivityRollups Rollups
    {
        get
        {
            lock (gate)
            {
                return rollups;
            }
        }
    }

    /// <summary>Calls back when something has changed, until the result is disposed.</summary>
    public IDisposable Watch(Action watcher)
    {
        Changed += watcher;
        return new Watcher(() => Changed -= watcher);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var since = clock.GetUtcNow();
        var events = system.ActorOf(Props.Create(() => new ActivityEvents(Record, Signal)), "dashboard-activity");
        lock (gate)
        {
            rollups = rollups.Know(ActivityKind.Recovery, since);
        }

        var history = ReadHistory(since, stoppingToken);
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                var isDirty = await changed.WaitAsync(Beat, stoppingToken);
                if (Changed is not null || clock.GetUtcNow() - lastReading >= UnwatchedInterval)
                {
                    isDirty |= await TryReadCounters(stoppingToken);
                }

                if (signal.IsDue(isDirty, clock.GetUtcNow()))
                {
                    Changed?.Invoke();
                    await Task.Delay(Beat, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The node is stopping.
        }

        system.Stop(events);
        await history;
    }

    private void Record(IWireMessage happened)
    {
        lock (gate)
        {
            rollups = happened switch
            {
                DecisionMade made => AddDecision(rollups, made.Decision),
                TaskRecovered again =>
                    rollups.Add(ActivityKind.Recovery, "recovery", again.At, value: Math.Max(0, (again.At - again.FailedAt).TotalSeconds)),
                _ => rollups,
            };
            rollups = rollups.Prune(clock.GetUtcNow());
        }

        Signal();
    }

    /// <summary>Lets open pages load themselves again.</summary>
    public void Signal()
    {
        lock (changed)
        {
            if (changed.CurrentCount == 0)
            {
                changed.Release();
            }
        }
    }

    private ActivityRollups AddDecision(ActivityRollups to, FailoverDecision decision)
    {
        var strategy = WireName.Of(decision.SelectedAction.Strategy);
        if (decision.DecisionMetadata.Reverses is not null)
        {
            // A second decision about a failure that has been counted with the first one.
            return to.Add(ActivityKind.Decision, strategy, decision.DecisionMetadata.DecidedAt);
        }

        if (!early.IsNew(decision))
        {
            return to;
        }

        return to
            .Add(ActivityKind.Failure, WireName.Of(decision.FailureEvent.FailureType), decision.FailureEvent.OccurredAt)
            .Add(ActivityKind.Decision, strategy, decision.DecisionMetadata.DecidedAt);
    }

    private async Task<bool> TryReadCounters(CancellationToken stopping)
    {
        try
        {
            return await ReadCounters(stopping);
        }
#pragma warning disable CA1031 // The charts must never stop the node.
        catch (Exception failure) when (failure is not OperationCanceledException)
#pragma warning restore CA1031
        {
            log.QueuesNotRead(failure.Message);
            return false;
        }
    }

    /// <summary>Reads the counters of all queues. Returns whether any has changed.</summary>
    private async Task<bool> ReadCounters(CancellationToken stopping)
    {
        // A queue that does not answer must not keep the pages from what else has changed.
        CallPatience.Begin();
        PageReads.LimitPatience();
        lastReading = clock.GetUtcNow();
        var parts = await Task.WhenAll(Enumerable.Range(0, gateway.Settings.Partitions.Queues).Select(partition =>
            gateway.AnswerOfQueue(new GetQueueStats { Partition = partition }, stopping)));
        var known = parts.OfType<QueueStatsReply>().ToList();
        if (known.Count < parts.Length)
        {
            // The counts of the missing partition would look like completions when it is back.
            return false;
        }

        var isChanged = false;
        foreach (var queue in known.SelectMany(part => part.Queues).GroupBy(queue => queue.QueueType))
        {
            var now = new QueueStats
            {
                QueueType = queue.Key,
                CompletedTasks = queue.Sum(part => part.CompletedTasks),
                PendingTasks = queue.Sum(part => part.PendingTasks),
                ProcessingTasks = queue.Sum(part => part.ProcessingTasks),
                FailedTasks = queue.Sum(part => part.FailedTasks),
                WorkerCount = queue.Max(part => part.WorkerCount),
                ParkedTasks = queue.Sum(part => part.ParkedTasks),
                Unserved = queue.Any(part => part.Unserved),
                Pause = queue.Select(part => part.Pause).FirstOrDefault(pause => pause is not null),
            };
            isChanged |= !counters.TryGetValue(queue.Key, out var before) || before != now;
            lock (gate)
            {
                rollups = before is not null && now.CompletedTasks > before.CompletedTasks
                    ? rollups.Add(ActivityKind.Completion, queue.Key.Value, lastReading, now.CompletedTasks - before.CompletedTasks)
                    : rollups;
            }

            counters[queue.Key] = now;
        }

        lock (gate)
        {
            rollups = rollups.KnownSince(ActivityKind.Completion) is null
                ? rollups.Know(ActivityKind.Completion, lastReading)
                : rollups.Prune(lastReading);
        }

        return isChanged;
    }

    /// <summary>Adds the stored failures from before the start, as soon as the coordinators answer.</summary>
    private async Task ReadHistory(DateTimeOffset before, CancellationToken stopping)
    {
        try
        {
            var since = await StoredDecisions.ReadEach(gateway, before, HistoryPause, AddStored, stopping);
            lock (gate)
            {
                rollups = rollups.Know(ActivityKind.Failure, since).Know(ActivityKind.Decision, since);
            }

            Signal();
        }
        catch (OperationCanceledException)
        {
            // The node is stopping.
        }
#pragma warning disable CA1031 // The charts must never stop the node.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            log.ChartsBeginNow(failure.Message);
            lock (gate)
            {
                rollups = rollups.Know(ActivityKind.Failure, before).Know(ActivityKind.Decision, before);
            }

            Signal();
        }
    }

    private void AddStored(ImmutableArray<FailoverDecision> decisions)
    {
        lock (gate)
        {
            foreach (var decision in decisions)
            {
                rollups = AddDecision(rollups, decision);
            }
        }
    }

    private sealed class Watcher(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
