using System.Globalization;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>The signs of life of one worker.</summary>
/// <param name="SilentSince">The start of the silence: the last sign of life, or the end of a later outage of this node.</param>
/// <param name="Rhythm">The rhythm of its heartbeats; null if it declared no heartbeat interval.</param>
/// <param name="SessionBrokeAt">When its session broke, if there was no sign of life since.</param>
public readonly record struct SignsOfLife(DateTimeOffset SilentSince, HeartbeatRhythm? Rhythm, DateTimeOffset? SessionBrokeAt);

/// <summary>The liveness of a worker, judged by its signs of life.</summary>
/// <param name="Liveness">The liveness.</param>
/// <param name="Reason">The reason, if it is not alive.</param>
/// <param name="LookAgainAt">When to judge again if the worker stays silent; now if the verdict is final.</param>
public readonly record struct LivenessVerdict(Liveness Liveness, string Reason, DateTimeOffset LookAgainAt);

/// <summary>
/// Judges the liveness of workers. Every worker is lost when it is silent for the worker timeout. A worker that declared a heartbeat
/// interval is also lost when its heartbeats stop, or when its session breaks and does not come back.
/// </summary>
public static class LivenessRules
{
    /// <summary>Judges a worker that is not offline.</summary>
    public static LivenessVerdict Judge(Liveness present, SignsOfLife signs, WorkerSettings settings, DateTimeOffset now)
    {
        var timeoutAt = signs.SilentSince + settings.Timeout;
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
            var graceEnd = Later(brokeAt, signs.SilentSince) + settings.SessionGrace;
            if (now >= graceEnd)
            {
                return Offline(signs, now, "its session broke, and no sign of life for");
            }

            lookAgainAt = Earlier(lookAgainAt, graceEnd);
        }

        var offlineAt = signs.SilentSince + OfflineSilence(rhythm, settings);
        if (now >= offlineAt)
        {
            return Offline(signs, now, "its heartbeats stopped: no sign of life for");
        }

        lookAgainAt = Earlier(lookAgainAt, offlineAt);
        var suspectAt = signs.SilentSince + rhythm.SilenceFor(settings.SuspectPhi, settings);
        if (now < suspectAt)
        {
            return new(liveness, reason, Earlier(lookAgainAt, suspectAt));
        }

        return new(Liveness.Suspect, reason.Length > 0 ? reason : "its heartbeat is late", lookAgainAt);
    }

    /// <summary>
    /// Two heartbeats must be missing, however regular the rhythm is, because one heartbeat may get lost in the network.
    /// </summary>
    private static TimeSpan OfflineSilence(HeartbeatRhythm rhythm, WorkerSettings settings)
    {
        var surprising = rhythm.SilenceFor(settings.OfflinePhi, settings);
        var twoMissing = (rhythm.Mean * 2) + settings.AcceptableHeartbeatPause;
        return surprising > twoMissing ? surprising : twoMissing;
    }

    private static LivenessVerdict Offline(SignsOfLife signs, DateTimeOffset now, string reason) => new(
        Liveness.Offline,
        string.Create(CultureInfo.InvariantCulture, $"{reason} {(now - signs.SilentSince).TotalSeconds:0.#} s"),
        now);

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
