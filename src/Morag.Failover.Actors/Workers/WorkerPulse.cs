using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// The signs of life of one worker. Nothing of it is stored: after a restart, and after an outage of ours, silence counts from then.
/// </summary>
internal sealed class WorkerPulse(WorkerSettings settings, IOutageWatch outages, DateTimeOffset startedAt)
{
    private HeartbeatRhythm? rhythm;
    private double? announced;
    private DateTimeOffset? lastHeartbeat;
    private DateTimeOffset? sessionBrokeAt;

    /// <summary>When it was last heard of; null where it was not since the entity started.</summary>
    public DateTimeOffset? HeardAt { get; private set; }

    /// <summary>What it last measured.</summary>
    public WorkerMetrics? Metrics { get; private set; }

    /// <summary>How far its clock is from ours, in seconds.</summary>
    public double? ClockSkewSeconds { get; private set; }

    /// <summary>Since when the worker is silent, as far as it can be blamed for it.</summary>
    public DateTimeOffset SilentSince()
    {
        var heard = HeardAt ?? startedAt;
        var outageEnded = outages.LastOutageEndedAt();
        return outageEnded > heard ? outageEnded : heard;
    }

    /// <summary>What liveness is judged by.</summary>
    public SignsOfLife Signs() => new(SilentSince(), rhythm, sessionBrokeAt);

    /// <summary>A new instance, or another announced interval, is learnt anew.</summary>
    public void Registered(double? heartbeatIntervalSeconds, bool newInstance)
    {
        if (newInstance || announced != heartbeatIntervalSeconds)
        {
            announced = heartbeatIntervalSeconds;
            rhythm = heartbeatIntervalSeconds is { } interval ? new HeartbeatRhythm(interval, settings.HeartbeatSamples) : null;
            lastHeartbeat = null;
        }
    }

    /// <summary>Any accepted call of the worker.</summary>
    public void Heard(DateTimeOffset now)
    {
        HeardAt = now;
        sessionBrokeAt = null;
    }

    /// <summary>A heartbeat. An interval in which the worker was lost, or we were out, teaches nothing of its rhythm.</summary>
    public void HeartbeatHeard(Heartbeat heartbeat, bool wasOffline, DateTimeOffset now)
    {
        if (rhythm is not null && lastHeartbeat is { } last && !wasOffline && outages.LastOutageEndedAt() < last)
        {
            rhythm.Learn(now - last);
        }

        lastHeartbeat = now;
        Metrics = heartbeat.Metrics;
        ClockSkewSeconds = heartbeat.Timestamp is { } timestamp ? (timestamp - now).TotalSeconds : ClockSkewSeconds;
        Heard(now);
    }

    /// <summary>The worker's session ended, seen by a gateway that lives.</summary>
    public void SessionBroke(DateTimeOffset now) => sessionBrokeAt = now;
}
