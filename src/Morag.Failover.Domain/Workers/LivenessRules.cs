using System.Globalization;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Nodes;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>The signs of life of one worker.</summary>
/// <param name="SilentSince">
/// The start of the silence that counts: the last sign of life, or a later end of an outage of this node or of the worker's gateway.
/// </param>
/// <param name="Rhythm">The rhythm of its heartbeats; null if it declared no heartbeat interval.</param>
/// <param name="SessionBrokeAt">When its session broke, if there was no sign of life since.</param>
/// <param name="Gateway">The node through which its last sign of life arrived.</param>
/// <param name="Patience">The larger patience of this node and the gateway.</param>
/// <param name="UnheardNode">Another node whose node beats were interrupted: the worker may have called through it.</param>
public readonly record struct SignsOfLife(
    DateTimeOffset SilentSince,
    HeartbeatRhythm? Rhythm,
    DateTimeOffset? SessionBrokeAt,
    GatewayHealth Gateway = default,
    Patience Patience = default,
    string? UnheardNode = null);

/// <summary>The liveness of a worker, judged by its signs of life.</summary>
/// <param name="Liveness">The liveness.</param>
/// <param name="Reason">The reason, if it is not alive.</param>
/// <param name="LookAgainAt">When to judge again if the worker stays silent; now if the verdict is final.</param>
/// <param name="Blame">What the loss counts against, if it is offline.</param>
public readonly record struct LivenessVerdict(
    Liveness Liveness, string Reason, DateTimeOffset LookAgainAt, LossBlame Blame = LossBlame.Worker);

/// <summary>
/// Judges the liveness of workers. Every worker is lost when it is silent for the worker timeout. A worker that declared a heartbeat
/// interval is also lost when its heartbeats stop, or when its session breaks and does not come back. All timeouts are stretched by the
/// patience of the nodes that listen.
/// </summary>
/// <remarks>
/// Silence counts only while the worker's gateway is known to be healthy. After the gateway is lost, the timeouts run in full from the
/// time when this node learned of it, because the worker can reach other nodes; the loss is then nobody's fault. The same holds if any
/// other node could not be heard meanwhile: the worker may have turned to that one.
/// </remarks>
public static class LivenessRules
{
    /// <summary>How long to wait for the gateway's next beat, when only its absence keeps a verdict open.</summary>
    private static readonly TimeSpan BeatWait = TimeSpan.FromMilliseconds(500);

    /// <summary>Judges a worker that is not offline.</summary>
    public static LivenessVerdict Judge(Liveness present, SignsOfLife signs, WorkerSettings settings, DateTimeOffset now)
    {
        if (signs.Gateway.HealthyUntil is not { } healthyUntil || healthyUntil >= now)
        {
            return JudgeObserved(present, signs, settings, now);
        }

        var verdict = JudgeObserved(present, signs, settings, healthyUntil);
        return verdict.Liveness == Liveness.Offline || verdict.LookAgainAt > now
            ? verdict
            : verdict with { LookAgainAt = now + BeatWait };
    }

    /// <summary>The silence at which a worker with a rhythm becomes suspect.</summary>
    public static TimeSpan SuspectAfter(HeartbeatRhythm rhythm, Patience patience, WorkerSettings settings) =>
        patience.Stretch(rhythm.SilenceFor(settings.SuspectPhi, settings));

    /// <summary>
    /// The silence at which a worker with a rhythm is lost, if its session does not break before. Two heartbeats must be missing, however
    /// regular the rhythm is, because one heartbeat may get lost in the network.
    /// </summary>
    public static TimeSpan OfflineAfter(HeartbeatRhythm rhythm, Patience patience, WorkerSettings settings) =>
        patience.Stretch(OfflineLimit(rhythm, settings).Silence);

    /// <summary>The silence at which a worker with a rhythm is lost, before patience stretches it, and what sets it.</summary>
    public static (TimeSpan Silence, SilenceLimit Limit) OfflineLimit(HeartbeatRhythm rhythm, WorkerSettings settings)
    {
        var surprising = rhythm.SilenceFor(settings.OfflinePhi, settings);
        var twoMissing = (rhythm.Mean * 2) + settings.AcceptableHeartbeatPause;
        var (longest, limit) = surprising > twoMissing
            ? (surprising, SilenceLimit.Phi)
            : (twoMissing, SilenceLimit.MissedHeartbeats);
        return longest < settings.Timeout ? (longest, limit) : (settings.Timeout, SilenceLimit.WorkerTimeout);
    }

    /// <summary>
    /// Phi of the silence of a worker with a rhythm. Patience stretches the thresholds, so it lowers phi in the same way: phi reaches
    /// <see cref="WorkerSettings.SuspectPhi"/> at <see cref="SuspectAfter"/>.
    /// </summary>
    public static double Phi(HeartbeatRhythm rhythm, SignsOfLife signs, WorkerSettings settings, DateTimeOffset now) =>
        rhythm.Phi((now - signs.SilentSince) / signs.Patience.Factor, settings);

    /// <summary>Judges the silence up to <paramref name="now"/>, which was observed.</summary>
    private static LivenessVerdict JudgeObserved(Liveness present, SignsOfLife signs, WorkerSettings settings, DateTimeOffset now)
    {
        var timeoutAt = signs.SilentSince + signs.Patience.Stretch(settings.Timeout);
        if (now >= timeoutAt)
        {
            return Offline(signs, now, "no sign of life for");
        }

        var lookAgainAt = timeoutAt;
        var (liveness, reason) = signs.SessionBrokeAt is null ? (present, "") : (Liveness.Suspect, "its session broke");
        if (signs.Rhythm is not { } rhythm)
        {
            return new(liveness, reason, lookAgainAt);
        }

        if (signs.SessionBrokeAt is { } brokeAt)
        {
            var graceEnd = Later(brokeAt, signs.SilentSince) + signs.Patience.Stretch(settings.SessionGrace);
            if (now >= graceEnd)
            {
                return Offline(signs, now, "its session broke, and no sign of life for");
            }

            lookAgainAt = Earlier(lookAgainAt, graceEnd);
        }

        var offlineAt = signs.SilentSince + OfflineAfter(rhythm, signs.Patience, settings);
        if (now >= offlineAt)
        {
            return Offline(signs, now, "its heartbeats stopped: no sign of life for");
        }

        lookAgainAt = Earlier(lookAgainAt, offlineAt);
        var suspectAt = signs.SilentSince + SuspectAfter(rhythm, signs.Patience, settings);
        if (now < suspectAt)
        {
            return new(liveness, reason, Earlier(lookAgainAt, suspectAt));
        }

        return new(Liveness.Suspect, reason.Length > 0 ? reason : "its heartbeat is late", lookAgainAt);
    }

    private static LivenessVerdict Offline(SignsOfLife signs, DateTimeOffset now, string reason)
    {
        var silence = string.Create(CultureInfo.InvariantCulture, $"{reason} {(now - signs.SilentSince).TotalSeconds:0.#} s");
        return signs.Gateway.IsObserver && signs.UnheardNode is null
            ? new(Liveness.Offline, silence, now)
            : new(Liveness.Offline, Circumstances(signs) + silence, now, LossBlame.Unobserved);
    }

    private static string Circumstances(SignsOfLife signs) => signs.Gateway switch
    {
        { IsObserver: true } => $"it may have called node {signs.UnheardNode}, from which this node received nothing; ",
        { IsUnknown: false, Node: var node, LostAt: { } lostAt } =>
            string.Create(CultureInfo.InvariantCulture, $"its node {node} was lost at {lostAt:u}; "),
        { Node: { } node, LostAt: { } lostAt } => string.Create(
            CultureInfo.InvariantCulture, $"it has not called since its owner started, after node {node} was lost at {lostAt:u}; "),
        _ => "it has not called since its owner started; ",
    };

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
