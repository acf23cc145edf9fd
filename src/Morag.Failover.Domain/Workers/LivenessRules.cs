using System.Globalization;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>The signs of life of one worker, as far as liveness is judged by them.</summary>
/// <param name="SilentSince">Since when nothing was heard: the last sign of life, or the end of an outage of ours after it.</param>
/// <param name="Rhythm">The rhythm of its heartbeats; null for a worker that did not announce any.</param>
/// <param name="SessionBrokeAt">When its session broke, if nothing was heard since.</param>
public readonly record struct SignsOfLife(DateTimeOffset SilentSince, HeartbeatRhythm? Rhythm, DateTimeOffset? SessionBrokeAt);

/// <summary>What a worker's signs of life amount to.</summary>
/// <param name="Liveness">How alive it is.</param>
/// <param name="Reason">Why, where it is not alive.</param>
/// <param name="LookAgainAt">When the verdict changes if nothing is heard; now, where it is final.</param>
public readonly record struct LivenessVerdict(Liveness Liveness, string Reason, DateTimeOffset LookAgainAt);

/// <summary>
/// How alive a worker is. Silence beyond the worker timeout is a loss for all; a worker that announced its rhythm is also found by
/// that, and by its broken session.
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
    /// A heartbeat that got lost on the way is no loss of the worker: however regular its rhythm was, two must be missing.
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
