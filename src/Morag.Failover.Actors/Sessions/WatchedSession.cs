using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Sessions;

/// <summary>
/// The beats of a worker in one session of this node: when the last one arrived, and their rhythm. Each connection has a thread of its own
/// at times, and <see cref="WatchedSessions"/> looks at all sessions, so it is thread-safe.
/// </summary>
public sealed class WatchedSession
{
    /// <summary>How often an observation is repeated to the worker's entity.</summary>
    internal static readonly TimeSpan RepeatAfter = TimeSpan.FromSeconds(60);

    /// <summary>How long an entity trusts an observation that is not repeated: one repetition may get lost.</summary>
    internal static readonly TimeSpan TrustedFor = RepeatAfter * 2.5;

    /// <summary>How often a silent session is reported again, because a message may get lost.</summary>
    private static readonly TimeSpan ReportAgainAfter = TimeSpan.FromSeconds(1);

    /// <summary>How long silence is reported. Later messages would only wake the entity of a lost worker.</summary>
    private static readonly TimeSpan ReportFor = TimeSpan.FromSeconds(10);

    /// <summary>How long beats are confirmed while the worker's entity moves and does not learn of them.</summary>
    private static readonly TimeSpan ConfirmedUnowned = TimeSpan.FromSeconds(5);

    /// <summary>The silence to report before the rhythm is known.</summary>
    private static readonly TimeSpan LateWithoutRhythm = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly WatchedSessions sessions;
    private readonly WorkerSettings settings;
    private readonly HeartbeatRhythm rhythm;
    private readonly long shortestLateTicks;
    private long lastBeatAt;
    private long beats;
    private long beatsSeen;
    private long? lateTicks;
    private long tellAt;
    private bool isSilent;
    private bool isFollowed;
    private Address? ownerNode;
    private long unownedSince;
    private IActorRef announcer = ActorRefs.Nobody;

    internal WatchedSession(WatchedSessions sessions, WorkerSettings settings, int number, long now, double fractionOfMinute)
    {
        this.sessions = sessions;
        this.settings = settings;
        Number = number;

        // Only the worker's entity knows the declared interval, and applies it.
        rhythm = new HeartbeatRhythm(0, settings.HeartbeatSamples);
        lastBeatAt = unownedSince = now;
        isFollowed = number >= 0;

        // From a phi of 1, silence is not suspicious before the pause that phi tolerates. Most sessions are not even close.
        shortestLateTicks = settings.SuspectPhi >= 1 ? settings.AcceptableHeartbeatPause.Ticks : 0;

        // Spreads the descriptions of sessions that were opened together.
        tellAt = now + (long)(RepeatAfter.Ticks * fractionOfMinute);
    }

    /// <summary>Its number in the beats of this node; negative if there was none left.</summary>
    internal int Number { get; }

    /// <summary>When the last beat arrived, in ticks of UTC.</summary>
    internal long LastBeatAt => Volatile.Read(ref lastBeatAt);

    /// <summary>Whether the beats have stopped.</summary>
    internal bool IsSilent
    {
        get
        {
            lock (gate)
            {
                return isSilent;
            }
        }
    }

    /// <summary>Records a beat.</summary>
    /// <returns>
    /// Whether to confirm it: the worker's entity follows this session and learns of it. A worker without a confirmation sends a heartbeat,
    /// and moves on if this node cannot deliver it. Otherwise it would stay with a node that is cut off, and be lost without knowing.
    /// </returns>
    public bool Beat()
    {
        var now = sessions.Now;
        bool tells;
        bool follows;
        Address? owner;
        long unowned;
        lock (gate)
        {
            (follows, owner, unowned) = (isFollowed, ownerNode, unownedSince);
            if (beats > 0 && sessions.LastOutageEndedAt < lastBeatAt)
            {
                rhythm.Learn(new TimeSpan(now - lastBeatAt));
            }

            beats++;
            Volatile.Write(ref lastBeatAt, now);
            lateTicks = null;
            tells = isSilent && isFollowed;
            isSilent = false;
        }

        if (tells)
        {
            announcer.Tell(SessionHeard.Instance);
        }

        return follows && (owner is null ? now - unowned <= ConfirmedUnowned.Ticks : sessions.IsHeardBy(owner, settings));
    }

    /// <summary>Sets who announces the session to the worker's entity.</summary>
    internal void AnnouncedBy(IActorRef actor) => announcer = actor;

    /// <summary>
    /// Records which entity knows the session, and whether it follows the beats of this node. If its node is too old for that, no beat is
    /// confirmed, and the worker sends heartbeats.
    /// </summary>
    internal void FollowedBy(IActorRef entity, bool follows)
    {
        lock (gate)
        {
            ownerNode = sessions.NodeOf(entity);
            isFollowed = follows && Number >= 0;
        }
    }

    /// <summary>Records that the entity is gone. The next one may run on a node of another version.</summary>
    internal void Unfollowed()
    {
        lock (gate)
        {
            (ownerNode, unownedSince) = (null, sessions.Now);
            isFollowed = Number >= 0;
        }
    }

    /// <summary>What the entity is told; null if it does not follow the beats.</summary>
    internal SessionWatch? Observation()
    {
        lock (gate)
        {
            return isFollowed ? Describe() : null;
        }
    }

    /// <summary>Looks at the session once per beat of the node.</summary>
    /// <param name="now">The time.</param>
    /// <param name="ahead">The time until it looks next. Silence that would be due meanwhile is reported now.</param>
    /// <param name="outageEndedAt">When the last outage of this node ended.</param>
    /// <returns>Whether a beat arrived since the last look.</returns>
    internal bool Look(long now, TimeSpan ahead, long outageEndedAt)
    {
        var (heard, tells) = (false, false);
        lock (gate)
        {
            if (!isFollowed)
            {
                return false;
            }

            var silence = now + ahead.Ticks - Math.Max(lastBeatAt, outageEndedAt);
            if (silence >= shortestLateTicks && silence >= LateTicks())
            {
                tells = (!isSilent || now >= tellAt) && now - lastBeatAt < LateTicks() + ReportFor.Ticks;
                isSilent = true;
                tellAt = tells ? now + ReportAgainAfter.Ticks : tellAt;
            }
            else
            {
                heard = beats > beatsSeen;

                // After an outage of this node, a session without beats is not silent yet, but there is nothing new to report about it
                // either.
                tells = now >= tellAt && !isSilent;
                tellAt = tells ? now + RepeatAfter.Ticks : tellAt;
            }

            beatsSeen = beats;
        }

        if (tells)
        {
            announcer.Tell(SessionObserved.Instance);
        }

        return heard;
    }

    /// <summary>The silence to report, in ticks. Computed at most once per beat, because it takes a while.</summary>
    private long LateTicks() =>
        lateTicks ??= (rhythm.IsLearned ? rhythm.SilenceFor(settings.SuspectPhi, settings) : LateWithoutRhythm).Ticks;

    private SessionWatch Describe() => new()
    {
        Era = sessions.Era,
        Number = Number,
        Beats = beats,
        SilentFor = new TimeSpan(Math.Max(0, sessions.Now - lastBeatAt)),
        MeanSeconds = rhythm.IsLearned ? rhythm.Mean.TotalSeconds : null,
        DeviationSeconds = rhythm.IsLearned ? rhythm.Deviation.TotalSeconds : 0,
        Intervals = rhythm.Recent(HeartbeatReport.MaxIntervals),
    };
}
