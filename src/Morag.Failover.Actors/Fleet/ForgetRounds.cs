using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

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

    private readonly Queue<WorkerEntry> round = new();
    private DateTimeOffset nextRound;

    /// <summary>When the next are to be asked for.</summary>
    public DateTimeOffset DueAt { get; private set; }

    private TimeSpan BetweenRounds => settings.ForgetAfter / 10 < LongestBetweenRounds ? settings.ForgetAfter / 10 : LongestBetweenRounds;

    /// <summary>The first round begins after a while: a node that starts has other things to do.</summary>
    public void Begin(DateTimeOffset now) => DueAt = nextRound = now + BetweenRounds;

    /// <summary>The workers to be forgotten now.</summary>
    public List<WorkerEntry> Due(DirectoryState directory, DateTimeOffset now)
    {
        var gone = new List<WorkerEntry>();
        if (now < DueAt)
        {
            return gone;
        }

        if (round.Count == 0 && nextRound <= now)
        {
            nextRound = now + BetweenRounds;
            foreach (var entry in directory.GoneSince(now - settings.ForgetAfter))
            {
                round.Enqueue(entry);
            }
        }

        while (gone.Count < MostInOneTick && round.TryDequeue(out var entry))
        {
            gone.Add(entry);
        }

        DueAt = round.Count > 0 ? now + Tick : nextRound;
        return gone;
    }
}
