using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// The signs of life of one worker. Not stored: after a restart or an outage of this node, silence is counted from then.
/// </summary>
internal sealed class WorkerPulse(WorkerSettings settings, IOutageWatch outages, DateTimeOffset startedAt)
{
    private HeartbeatRhythm? rhythm;
    private double? announced;
    private DateTimeOffset? lastHeartbeat;
    private DateTimeOffset? sessionBrokeAt;

    /// <summary>The last sign of life; null if there was none since the entity started.</summary>
    public DateTimeOffset? HeardAt { get; private set; }

    /// <summary>Its last metrics.</summary>
    public WorkerMetrics? Metrics { get; private set; }

    /// <summary>The offset of its clock from the clock of this node in seconds.</summary>
    public double? ClockSkewSeconds { get; private set; }

    /// <summary>The start of its silence, not counting outages of this node.</summary>
    public DateTimeOffset SilentSince()
    {
        var heard = HeardAt ?? startedAt;
        var outageEnded = outages.LastOutageEndedAt();
        return outageEnded > heard ? outageEnded : heard;
    }

    /// <summary>The signs of life for judging its liveness.</summary>
    public SignsOfLife Signs() => new(SilentSince(), rhythm, sessionBrokeAt);

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
    public void OnSignOfLife(DateTimeOffset now)
    {
        HeardAt = now;
        sessionBrokeAt = null;
    }

    /// <summary>Records a heartbeat. An interval with a loss of the worker or an outage of this node is not learnt.</summary>
    public void OnHeartbeat(Heartbeat heartbeat, bool wasOffline, DateTimeOffset now)
    {
        if (rhythm is not null && lastHeartbeat is { } last && !wasOffline && outages.LastOutageEndedAt() < last)
        {
            rhythm.Learn(now - last);
        }

        lastHeartbeat = now;
        Metrics = heartbeat.Metrics;
        ClockSkewSeconds = heartbeat.Timestamp is { } timestamp ? (timestamp - now).TotalSeconds : ClockSkewSeconds;
        OnSignOfLife(now);
    }

    /// <summary>Records that the worker's session broke while its gateway was alive.</summary>
    public void OnSessionBroken(DateTimeOffset now) => sessionBrokeAt = now;
}
