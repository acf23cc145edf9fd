using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Fleet;

/// <summary>The last signs of life reported to a bucket. Not stored: they are only displayed.</summary>
internal sealed class SeenWorkers
{
    private readonly Dictionary<WorkerId, (WorkerSeen Hint, DateTimeOffset ToldAt)> seen = [];

    /// <summary>Records a sign of life, with the time it was reported here: the time in the report is from another node's clock.</summary>
    public void Record(WorkerSeen hint, DateTimeOffset now)
    {
        if (hint.At is null && seen.TryGetValue(hint.WorkerId, out var before))
        {
            hint = hint with { At = before.Hint.At, Metrics = before.Hint.Metrics, ClockSkewSeconds = before.Hint.ClockSkewSeconds };
        }

        seen[hint.WorkerId] = (hint, now);
    }

    /// <summary>Whether a sign of life was reported since a time.</summary>
    public bool SeenSince(WorkerId worker, DateTimeOffset time) => seen.TryGetValue(worker, out var last) && last.ToldAt >= time;

    /// <summary>The last sign of life of a worker; an empty one if there was none.</summary>
    public WorkerSeen LastOf(WorkerId worker, int bucket) =>
        seen.TryGetValue(worker, out var last) ? last.Hint : new WorkerSeen { Bucket = bucket, WorkerId = worker };

    /// <summary>Removes the workers that are not to be kept.</summary>
    public void Keep(Func<WorkerId, bool> kept)
    {
        foreach (var worker in seen.Keys.Where(worker => !kept(worker)).ToList())
        {
            seen.Remove(worker);
        }
    }

    /// <summary>The alive workers that hold no leases as far as is known, and the counts of alive workers.</summary>
    public IdleWorkers Idle(DirectoryState state, int most) => new()
    {
        Workers =
        [
            .. (from entry in state.RegisteredAfter(null)
                where entry.Liveness == Liveness.Alive && seen.GetValueOrDefault(entry.WorkerId).Hint is not { HeldLeases: > 0 }
                orderby entry.Draining descending
                select new IdleWorker
                {
                    WorkerId = entry.WorkerId,
                    Capability = entry.Registration!.Capability,
                    Draining = entry.Draining,
                })
                .Take(most),
        ],
        Alive =
        [
            .. from workers in state.Tally.Census
               where workers.Key.Liveness == Liveness.Alive
               group workers by workers.Key.Capability
               into ofCapability
               orderby ofCapability.Key
               select new AliveWorkers
               {
                   Capability = ofCapability.Key,
                   Alive = ofCapability.Sum(workers => workers.Value),
                   Available = ofCapability
                       .Where(workers => workers.Key is { Draining: false, Breaker: not BreakerState.Open })
                       .Sum(workers => workers.Value),
               },
        ],
    };

    /// <summary>A worker for display in lists.</summary>
    public WorkerInfo Shown(WorkerEntry entry)
    {
        var registration = entry.Registration!;
        var hint = seen.GetValueOrDefault(entry.WorkerId).Hint;
        return new WorkerInfo
        {
            Registration = registration,
            Status = entry.Status == WorkerStatus.Online && hint?.HeldLeases >= registration.MaxConcurrentTasks
                ? WorkerStatus.Busy
                : entry.Status,
            Metrics = hint?.Metrics,
            LastHeartbeat = hint?.At,
            RegisteredAt = entry.RegisteredAt,
            Version = entry.Revision,
            Liveness = entry.Liveness,
            Draining = entry.Draining,
            BreakerState = entry.BreakerState,
            Degraded = hint?.Degraded,
            ClockSkewSeconds = hint?.ClockSkewSeconds,
            HeldLeases = hint?.HeldLeases ?? 0,
        };
    }
}
