namespace Morag.Failover.Actors.Sessions;

/// <summary>When beats of workers arrived in the sessions of another node, as reported by its node beats.</summary>
internal sealed class HeardSessions
{
    private readonly long era;
    private readonly long[] heardAt;

    private HeardSessions(long era, long[] heardAt)
    {
        this.era = era;
        this.heardAt = heardAt;
    }

    /// <summary>Adds what a node beat reports.</summary>
    /// <param name="before">What was known; null if nothing.</param>
    /// <param name="era">The run of the other node's process. What another run said does not count any more.</param>
    /// <param name="bits">A bit per session.</param>
    /// <param name="now">The time.</param>
    public static HeardSessions With(HeardSessions? before, long era, byte[] bits, DateTimeOffset now)
    {
        var count = Math.Min(bits.Length * 8, WatchedSessions.MaxNumbers);
        var known = before is not null && before.era == era ? before : new HeardSessions(era, []);
        if (count > known.heardAt.Length)
        {
            var larger = new long[Math.Max(count, known.heardAt.Length * 2)];
            known.heardAt.CopyTo(larger, 0);
            known = new HeardSessions(era, larger);
        }

        var ticks = now.UtcTicks;
        for (var index = 0; index < count / 8; index++)
        {
            for (var (rest, number) = ((int)bits[index], index * 8); rest != 0; rest >>= 1, number++)
            {
                if ((rest & 1) != 0)
                {
                    Volatile.Write(ref known.heardAt[number], ticks);
                }
            }
        }

        return known;
    }

    /// <summary>When the last beat arrived in a session, in ticks of UTC; null if never.</summary>
    public long? At(long sessionEra, int number) =>
        sessionEra == era && number >= 0 && number < heardAt.Length && Volatile.Read(ref heardAt[number]) is > 0 and var ticks
            ? ticks
            : null;
}
