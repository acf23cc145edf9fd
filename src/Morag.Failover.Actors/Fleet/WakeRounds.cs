using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Fleet;

/// <summary>
/// Selects the live workers whose entities must be started: those without a recent sign of life, in rounds and at a bounded rate. A running
/// entity ignores it. An entity that stopped with its node starts and notices if its worker is lost.
/// </summary>
internal sealed class WakeRounds(WorkerSettings settings)
{
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);

    private readonly Queue<WorkerId> round = new();
    private DateTimeOffset nextRound;

    /// <summary>When to select the next workers.</summary>
    public DateTimeOffset DueAt { get; private set; }

    /// <summary>Starts the first round at once.</summary>
    public void Begin(DateTimeOffset now) => DueAt = nextRound = now;

    /// <summary>The workers to wake now.</summary>
    public List<WorkerId> Due(DirectoryState directory, SeenWorkers seen, DateTimeOffset now)
    {
        var woken = new List<WorkerId>();
        if (now < DueAt)
        {
            return woken;
        }

        var unseenSince = now - (settings.SeenInterval * 3);
        if (round.Count == 0 && nextRound <= now)
        {
            nextRound = now + BetweenRounds;
            seen.Keep(worker => directory.Find(worker) is { Unregistered: false });
            foreach (var entry in directory.RegisteredAfter(null))
            {
                if (entry.Liveness != Liveness.Offline && !seen.SeenSince(entry.WorkerId, unseenSince))
                {
                    round.Enqueue(entry.WorkerId);
                }
            }
        }

        var most = Math.Max(1, (int)(settings.WakeRate * Tick.TotalSeconds));
        while (woken.Count < most && round.TryDequeue(out var worker))
        {
            if (!seen.SeenSince(worker, unseenSince))
            {
                woken.Add(worker);
            }
        }

        DueAt = round.Count > 0 ? now + Tick : nextRound > now ? nextRound : now + Tick;
        return woken;
    }
}
