using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Fleet;

/// <summary>
/// Which workers have been gone for so long that they are to be forgotten: looked for now and then, and asked for at a bounded rate, so that
/// many that went together disturb nobody. Those that stay are asked for again in the next round.
/// </summary>
internal sealed class ForgetRounds(WorkerSettings settings)
{
    private static readonly TimeSpan LongestBetweenRounds = TimeSpan.FromHours(1);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>So many a second: each costs a write at every queue partition.</summary>
    private const int MostInOneTick = 20;

    /// <summary>So many a second of those beyond the number kept: most have no share in any queue.</summary>
    private const int MostBeyondKept = 200;

    private readonly Queue<WorkerEntry> round = new();

    // All up to this number were asked for in this round, so that those that cannot be forgotten now do not block the others.
    private long askedBeyondKept;
    private DateTimeOffset nextRound;

    /// <summary>When the next are to be asked for.</summary>
    public DateTimeOffset DueAt { get; private set; }

    private TimeSpan BetweenRounds => settings.ForgetAfter / 10 < LongestBetweenRounds ? settings.ForgetAfter / 10 : LongestBetweenRounds;

    /// <summary>The first round begins after a while: a node that starts has other things to do.</summary>
    public void Begin(DateTimeOffset now) => DueAt = nextRound = now + BetweenRounds;

    /// <summary>There may be more workers that are not registered than are kept.</summary>
    public void Changed(DirectoryState directory, DateTimeOffset now)
    {
        if (DueAt > now + Tick && directory.CountBeyondKept(askedBeyondKept) > 0)
        {
            DueAt = now + Tick;
        }
    }

    /// <summary>The workers to be forgotten now.</summary>
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
