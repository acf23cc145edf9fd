using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Fleet;

/// <summary>
/// Selects the workers that have been gone for <c>forget-after</c>, in regular rounds and at a bounded rate, so that many workers that went
/// together cause no burst. Workers that could not be forgotten are selected again in the next round.
/// </summary>
internal sealed class ForgetRounds(WorkerSettings settings)
{
    private static readonly TimeSpan LongestBetweenRounds = TimeSpan.FromHours(1);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>The most workers per tick, because each costs a write at every queue partition.</summary>
    private const int MostInOneTick = 20;

    /// <summary>The most unregistered workers beyond the kept number per tick. Most of them have no state in any queue.</summary>
    private const int MostBeyondKept = 200;

    private readonly Queue<WorkerEntry> round = new();

    // The last number selected in this round, so that workers that cannot be forgotten now do not block the others.
    private long askedBeyondKept;
    private DateTimeOffset nextRound;

    /// <summary>When to select the next workers.</summary>
    public DateTimeOffset DueAt { get; private set; }

    private TimeSpan BetweenRounds => settings.ForgetAfter / 10 < LongestBetweenRounds ? settings.ForgetAfter / 10 : LongestBetweenRounds;

    /// <summary>Schedules the first round, after a delay to leave resources to the start of the node.</summary>
    public void Begin(DateTimeOffset now) => DueAt = nextRound = now + BetweenRounds;

    /// <summary>Checks whether there are more unregistered workers than are kept.</summary>
    public void Changed(DirectoryState directory, DateTimeOffset now)
    {
        if (DueAt > now + Tick && directory.CountBeyondKept(askedBeyondKept) > 0)
        {
            DueAt = now + Tick;
        }
    }

    /// <summary>The workers to forget now.</summary>
    public List<ForgetWorker> Due(DirectoryState directory, DateTimeOffset now)
    {
        var gone = new List<ForgetWorker>();
        if (now < DueAt)
        {
            return gone;
        }

        if (round.Count == 0 && nextRound <= now)
        {
            nextRound = now + BetweenRounds;
            askedBeyondKept = 0;
            foreach (var entry in directory.GoneSince(now - settings.ForgetAfter))
            {
                round.Enqueue(entry);
            }
        }

        while (gone.Count < MostInOneTick && round.TryDequeue(out var entry))
        {
            gone.Add(new ForgetWorker { WorkerId = entry.WorkerId, Revision = entry.Revision });
        }

        var beyond = directory.BeyondKept(askedBeyondKept).Take(MostBeyondKept).ToList();
        foreach (var (number, entry) in beyond)
        {
            askedBeyondKept = number;
            gone.Add(new ForgetWorker { WorkerId = entry.WorkerId, Revision = entry.Revision, IsBeyondKept = true });
        }

        DueAt = round.Count > 0 || beyond.Count > 0 ? now + Tick : nextRound;
        return gone;
    }
}
