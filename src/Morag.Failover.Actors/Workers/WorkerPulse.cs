using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Sessions;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Nodes;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// The signs of life of one worker, and the gateway through which the last one arrived. Not stored: after a restart or an outage of this
/// node, silence is counted from then, and it is unobserved until the worker is heard from again. Signs of life are calls of the worker,
/// and the beats in its session, which its gateway observes.
/// </summary>
internal sealed class WorkerPulse(WorkerSettings settings, IOutageWatch outages, Gateways gateways, DateTimeOffset startedAt)
{
    /// <summary>By how much the ways of two messages from one node may differ in time.</summary>
    private static readonly TimeSpan DeliveryJitter = TimeSpan.FromSeconds(1);

    /// <summary>The age up to which the last beat of a session that was not followed before is a sign of life.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);

    private Address? gateway;
    private HeartbeatRhythm? rhythm;
    private double? announced;
    private DateTimeOffset? lastHeartbeat;
    private DateTimeOffset? sessionBrokeAt;
    private DateTimeOffset? calledAt;
    private DateTimeOffset? beatAt;
    private FollowedSession? followed;
    private HeartbeatRhythm? measured;

    /// <summary>The last sign of life; null if there was none since the entity started.</summary>
    public DateTimeOffset? HeardAt => beatAt > calledAt || calledAt is null ? beatAt : calledAt;

    /// <summary>Its last metrics.</summary>
    public WorkerMetrics? Metrics { get; private set; }

    /// <summary>The offset of its clock from the clock of this node in seconds.</summary>
    public double? ClockSkewSeconds { get; private set; }

    /// <summary>The host and port of its gateway; null if nothing was received from it since the entity started.</summary>
    public string? Gateway => gateway is null ? null : NodeName.Of(gateway);

    /// <summary>The start of its silence, not counting outages of this node and of its gateway.</summary>
    public DateTimeOffset SilentSince(DateTimeOffset now) => SilentSince(HealthOfGateway(now));

    /// <summary>The signs of life for judging its liveness.</summary>
    public SignsOfLife Signs(DateTimeOffset now)
    {
        var health = HealthOfGateway(now);
        var beats = rhythm is not null && followed is not null ? measured ?? rhythm : rhythm;
        return new(SilentSince(health), beats, sessionBrokeAt, health, PatienceWith(health));
    }

    /// <summary>The signs of life for a verdict that may blame the worker, which depends on all nodes that it could call.</summary>
    public SignsOfLife SignsForVerdict(DateTimeOffset now) =>
        Signs(now) with { UnheardNode = gateways.UnheardSince(HeardAt ?? startedAt, settings, now) };

    /// <summary>How suspicious its silence is; null if it declared no heartbeat interval.</summary>
    public double? Phi(DateTimeOffset now) =>
        Signs(now) is { Rhythm: { } known } signs ? LivenessRules.Phi(known, signs, settings, now) : null;

    /// <summary>The rhythm of its heartbeats, for people; null if it declared no heartbeat interval.</summary>
    public HeartbeatReport? Heartbeats(DateTimeOffset now)
    {
        if (Signs(now) is not { Rhythm: { } known } signs)
        {
            return null;
        }

        var silence = now - signs.SilentSince;
        var offlineAfter = LivenessRules.OfflineAfter(known, signs.Patience, settings);
        var suspectAfter = LivenessRules.SuspectAfter(known, signs.Patience, settings);
        return new()
        {
            MeanSeconds = Rounded(known.Mean),
            SilentSeconds = Rounded(silence),
            Phi = Math.Round(Math.Min(Math.Max(0, LivenessRules.Phi(known, signs, settings, now)), HeartbeatReport.MaxPhi), 2),
            SuspectPhi = settings.SuspectPhi,
            OfflinePhi = settings.OfflinePhi,
            SuspectAfterSeconds = Rounded(suspectAfter < offlineAfter ? suspectAfter : offlineAfter),
            OfflineAfterSeconds = Rounded(offlineAfter),
            OfflineLimit = LivenessRules.OfflineLimit(known, settings).Limit,
            Intervals = [.. (followed?.Intervals ?? known.Recent(HeartbeatReport.MaxIntervals)).Select(interval => interval / 1000.0)],
        };

        static double Rounded(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
    }

    /// <summary>The patience with which its silence is judged.</summary>
    public Patience PatienceAt(DateTimeOffset now) => PatienceWith(HealthOfGateway(now));

    /// <summary>Starts learning again if the instance is new or the declared heartbeat interval changed.</summary>
    public void OnRegistered(double? heartbeatIntervalSeconds, bool newInstance)
    {
        if (newInstance || announced != heartbeatIntervalSeconds)
        {
            announced = heartbeatIntervalSeconds;
            rhythm = heartbeatIntervalSeconds is { } interval ? new HeartbeatRhythm(interval, settings.HeartbeatSamples) : null;
            lastHeartbeat = null;
        }
    }

    /// <summary>Records an accepted call of the worker.</summary>
    /// <param name="from">The sender of the call, an actor of the worker's gateway.</param>
    /// <param name="now">The time.</param>
    public void OnSignOfLife(IActorRef from, DateTimeOffset now)
    {
        gateway = gateways.NodeOf(from);
        RestartSilence(now);
    }

    /// <summary>Counts silence from now.</summary>
    public void RestartSilence(DateTimeOffset now)
    {
        calledAt = now;
        sessionBrokeAt = null;
    }

    /// <summary>
    /// Follows a session, and records what the worker's gateway observed in it. It is exact, and replaces what was known of this session.
    /// </summary>
    /// <returns>Whether a sign of life arrived since the last observation.</returns>
    public bool OnObserved(string session, SessionWatch observed, IActorRef from, DateTimeOffset now)
    {
        var node = gateways.NodeOf(from);
        var heardAt = now - observed.SilentFor;

        // More beats than before may be those that are known already from the beats of the gateway.
        var wasHeard = followed?.Session == session
            ? observed.Beats > followed.Beats && !(beatAt >= heardAt - DeliveryJitter)
            : observed.SilentFor <= Fresh;
        followed = new FollowedSession(session, node, observed.Era, observed.Number, observed.Beats, now + WatchedSession.TrustedFor)
        {
            // The bit of the last beat came later than the beat itself. It must not count as another one.
            CountedUntil = gateways.HeardInSession(node, observed.Era, observed.Number),
            Intervals = [.. observed.Intervals.TakeLast(HeartbeatReport.MaxIntervals)],
        };

        // Beats that waited somewhere arrive together. They must not make the worker look late between the declared beats.
        measured = observed.MeanSeconds is { } mean
            ? HeartbeatRhythm.Measured(Math.Max(mean, announced ?? 0), observed.DeviationSeconds)
            : null;
        lastHeartbeat = null;
        beatAt = heardAt;
        gateway = beatAt >= (calledAt ?? beatAt) ? node : gateway;
        sessionBrokeAt = wasHeard ? null : sessionBrokeAt;
        return wasHeard;
    }

    /// <summary>Records the beats that arrived in the session meanwhile, as reported by the node beats of its gateway.</summary>
    /// <returns>Whether there were any.</returns>
    public bool CatchUp(DateTimeOffset now)
    {
        if (now > followed?.Until)
        {
            Unfollow();
        }

        if (followed is not { } watch
            || gateways.HeardInSession(watch.Gateway, watch.Era, watch.Number) is not { } at || at <= watch.CountedUntil)
        {
            return false;
        }

        followed = watch with { CountedUntil = at };
        if (at <= beatAt)
        {
            return false;
        }

        beatAt = at;
        gateway = beatAt >= (calledAt ?? beatAt) ? watch.Gateway : gateway;
        sessionBrokeAt = null;
        return true;
    }

    /// <summary>Follows the session no longer.</summary>
    public void Unfollow() => (followed, measured) = (null, null);

    /// <summary>
    /// Records a heartbeat. An interval with a loss of the worker, an outage of this node or of the gateway, or a change of the gateway is
    /// not learnt.
    /// </summary>
    public void OnHeartbeat(Heartbeat heartbeat, bool wasOffline, IActorRef from, DateTimeOffset now)
    {
        // Between beats in the session, heartbeats only report changes.
        if (rhythm is not null && followed is null && lastHeartbeat is { } last && !wasOffline && outages.LastOutageEndedAt() < last
            && gateways.NodeOf(from).Equals(gateway) && HealthOfGateway(now).CountsFrom < last)
        {
            rhythm.Learn(now - last);
        }

        lastHeartbeat = followed is null ? now : null;
        Metrics = heartbeat.Metrics;
        ClockSkewSeconds = heartbeat.Timestamp is { } timestamp ? (timestamp - now).TotalSeconds : ClockSkewSeconds;
        OnSignOfLife(from, now);
    }

    /// <summary>
    /// Records that the worker's session broke while its gateway was alive. That of a session without beats means nothing while the beats
    /// of another one are followed.
    /// </summary>
    public void OnSessionBroken(string session, DateTimeOffset now)
    {
        if (followed is null || followed.Session == session)
        {
            sessionBrokeAt = now;
            Unfollow();
        }
    }

    private DateTimeOffset SilentSince(GatewayHealth health)
    {
        // A gateway may know of silence from before the start, but not whether the worker called through another one then.
        var heard = Later(Later(HeardAt ?? startedAt, startedAt), health.CountsFrom);
        return Later(heard, outages.LastOutageEndedAt());
    }

    private GatewayHealth HealthOfGateway(DateTimeOffset now) => gateways.HealthOf(gateway, HeardAt ?? startedAt, settings, now);

    private Patience PatienceWith(GatewayHealth health) => Patience.Larger(outages.Patience(), health.Patience);

    private static DateTimeOffset Later(DateTimeOffset left, DateTimeOffset right) => left > right ? left : right;

    /// <summary>The session whose beats are followed.</summary>
    /// <param name="Session">Its id.</param>
    /// <param name="Gateway">Its node.</param>
    /// <param name="Era">The run of the node's process.</param>
    /// <param name="Number">Its number there.</param>
    /// <param name="Beats">The beats that the gateway had counted when it last described the session.</param>
    /// <param name="Until">Until when the node's beats say something about it, unless the gateway describes it again.</param>
    private sealed record FollowedSession(string Session, Address Gateway, long Era, int Number, long Beats, DateTimeOffset Until)
    {
        /// <summary>When the last beat that counts arrived.</summary>
        public DateTimeOffset? CountedUntil { get; init; }

        /// <summary>The last intervals between its beats in milliseconds, as the gateway last described them.</summary>
        public ImmutableArray<int> Intervals { get; init; } = [];
    }
}
