using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Sessions;

/// <summary>
/// The sessions of this node that carry beats. A beat of a worker costs a few writes to memory here, and no message. Owners on other nodes
/// learn from this node's node beats in which sessions beats arrived, and from messages when a worker falls silent.
/// </summary>
public sealed class WatchedSessions : IExtension
{
    /// <summary>The most sessions that a node beat can describe, in 32 KiB. Beats in further ones are not confirmed.</summary>
    internal const int MaxNumbers = 1 << 18;

    /// <summary>
    /// How long the number of an ended session is not used again. It is longer than an entity trusts an observation, so that no worker is
    /// mistaken for another one.
    /// </summary>
    internal static readonly TimeSpan NumberRest = WatchedSession.TrustedFor * 2;

    private readonly Lock gate = new();
    private readonly ActorSystem system;
    private readonly Lazy<Gateways> gateways;
    private readonly Queue<(int Number, long FreeAt)> resting = [];
    private readonly Stack<int> unused = [];
    private WatchedSession?[] byNumber = [];
    private IOutageWatch? outages;
    private IServingPermit permit = IServingPermit.Always;
    private long era;
    private int next;

    private WatchedSessions(ActorSystem system)
    {
        this.system = system;

        // The gateways know this extension too.
        gateways = new Lazy<Gateways>(() => Gateways.Of(system));
    }

    /// <summary>The run of this process; 0 before its first session.</summary>
    internal long Era => Volatile.Read(ref era);

    /// <summary>The time in ticks of UTC, by the clock that never steps.</summary>
    internal long Now => system.Scheduler.Now.UtcTicks;

    /// <summary>When the last outage of this node ended, in ticks of UTC.</summary>
    internal long LastOutageEndedAt => outages?.LastOutageEndedAt().UtcTicks ?? 0;

    /// <summary>The sessions of one actor system.</summary>
    public static WatchedSessions Of(ActorSystem system) => system.WithExtension<WatchedSessions, Provider>();

    /// <summary>Adds a session.</summary>
    /// <param name="settings">The settings of liveness.</param>
    /// <param name="watch">The outages of this node.</param>
    /// <param name="servingPermit">Whether this node may still answer for its owners.</param>
    public WatchedSession Open(WorkerSettings settings, IOutageWatch watch, IServingPermit servingPermit)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(servingPermit);
        var now = Now;
        lock (gate)
        {
            (outages, permit) = (watch, servingPermit);
            var chance = Chance.Of(system);
            while (era == 0)
            {
                Volatile.Write(ref era, chance.NextInt64());
            }

            var session = new WatchedSession(this, settings, FreeNumber(now), now, chance.NextDouble());
            if (session.Number < 0)
            {
                return session;
            }

            if (session.Number >= byNumber.Length)
            {
                var larger = new WatchedSession?[Math.Max(64, byNumber.Length * 2)];
                byNumber.CopyTo(larger, 0);
                Volatile.Write(ref byNumber, larger);
            }

            byNumber[session.Number] = session;
            return session;
        }
    }

    /// <summary>Removes a session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="wasOpened">Whether an entity may have followed it.</param>
    public void Close(WatchedSession session, bool wasOpened)
    {
        ArgumentNullException.ThrowIfNull(session);
        lock (gate)
        {
            if (session.Number >= 0 && byNumber[session.Number] == session)
            {
                byNumber[session.Number] = null;
                if (wasOpened)
                {
                    resting.Enqueue((session.Number, Now + NumberRest.Ticks));
                }
                else
                {
                    unused.Push(session.Number);
                }
            }
        }
    }

    /// <summary>The node of an entity that answered.</summary>
    internal Address NodeOf(IActorRef entity) => gateways.Value.NodeOf(entity);

    /// <summary>
    /// Whether the entities on a node learn of the beats in the sessions of this node. Without its permit, this node may be taken over at
    /// any time, and then none does.
    /// </summary>
    internal bool IsHeardBy(Address node, WorkerSettings settings) =>
        permit.State == ServingPermit.Valid
        && (gateways.Value.IsSelf(node)
            || gateways.Value.IsInTouchWith(node, Gateways.ToleranceOf(settings), system.Scheduler.Now));

    /// <summary>When the last beat arrived in a session of this node, in ticks of UTC; null if there is none of this number.</summary>
    internal long? LastBeatOf(long sessionEra, int number)
    {
        var sessions = Volatile.Read(ref byNumber);
        return sessionEra == Era && number >= 0 && number < sessions.Length ? sessions[number]?.LastBeatAt : null;
    }

    /// <summary>Checks every session, has the silent ones reported, and returns the bits of those in which beats arrived.</summary>
    /// <param name="ahead">The time until the next look.</param>
    internal byte[] Look(TimeSpan ahead)
    {
        WatchedSession?[] sessions;
        int used;
        lock (gate)
        {
            (sessions, used) = (byNumber, next);
        }

        var (now, outageEndedAt) = (Now, LastOutageEndedAt);
        var heard = new byte[(used + 7) / 8];
        for (var number = 0; number < used; number++)
        {
            if (sessions[number] is { } session && session.Look(now, ahead, outageEndedAt))
            {
                heard[number / 8] |= (byte)(1 << (number % 8));
            }
        }

        return heard;
    }

    private int FreeNumber(long now)
    {
        if (unused.TryPop(out var neverUsed))
        {
            return neverUsed;
        }

        if (resting.TryPeek(out var rested) && rested.FreeAt <= now)
        {
            return resting.Dequeue().Number;
        }

        return next < MaxNumbers ? next++ : -1;
    }

    private sealed class Provider : ExtensionIdProvider<WatchedSessions>
    {
        public override WatchedSessions CreateExtension(ExtendedActorSystem system) => new(system);
    }
}
