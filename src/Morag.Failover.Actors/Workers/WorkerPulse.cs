using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Nodes;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// The signs of life of one worker, and the gateway through which it was last heard. Not stored: after a restart or an outage of this node,
/// silence is counted from then, and until the worker is heard again, nobody has observed it.
/// </summary>
internal sealed class WorkerPulse(WorkerSettings settings, IOutageWatch outages, Gateways gateways, DateTimeOffset startedAt)
{
    private Address? gateway;
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

    /// <summary>The host and port of the node through which it was last heard; null if it was not heard since the entity started.</summary>
    public string? Gateway => gateway is null ? null : Gateways.NameOf(gateway);

    /// <summary>The start of its silence, not counting outages of this node and of its gateway.</summary>
    public DateTimeOffset SilentSince(DateTimeOffset now) => SilentSince(HealthOfGateway(now));

    /// <summary>The signs of life for judging its liveness.</summary>
    public SignsOfLife Signs(DateTimeOffset now)
    {
        var health = HealthOfGateway(now);
        return new(SilentSince(health), rhythm, sessionBrokeAt, health, PatienceWith(health));
    }

    /// <summary>The signs of life for a verdict that may blame the worker, which depends on all nodes that it could call.</summary>
    public SignsOfLife SignsForVerdict(DateTimeOffset now) =>
        Signs(now) with { UnheardNode = gateways.UnheardSince(HeardAt ?? startedAt, settings, now) };

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
        HeardAt = now;
        sessionBrokeAt = null;
    }

    /// <summary>
    /// Records a heartbeat. An interval with a loss of the worker, an outage of this node or of the gateway, or a change of the gateway is
    /// not learnt.
    /// </summary>
    public void OnHeartbeat(Heartbeat heartbeat, bool wasOffline, IActorRef from, DateTimeOffset now)
    {
        if (rhythm is not null && lastHeartbeat is { } last && !wasOffline && outages.LastOutageEndedAt() < last
            && gateways.NodeOf(from).Equals(gateway) && HealthOfGateway(now).CountsFrom < last)
        {
            rhythm.Learn(now - last);
        }

        lastHeartbeat = now;
        Metrics = heartbeat.Metrics;
        ClockSkewSeconds = heartbeat.Timestamp is { } timestamp ? (timestamp - now).TotalSeconds : ClockSkewSeconds;
        OnSignOfLife(from, now);
    }

    /// <summary>Records that the worker's session broke while its gateway was alive.</summary>
    public void OnSessionBroken(DateTimeOffset now) => sessionBrokeAt = now;

    private DateTimeOffset SilentSince(GatewayHealth health)
    {
        var heard = Later(HeardAt ?? startedAt, health.CountsFrom);
        return Later(heard, outages.LastOutageEndedAt());
    }

    private GatewayHealth HealthOfGateway(DateTimeOffset now) => gateways.HealthOf(gateway, HeardAt ?? startedAt, settings, now);

    private Patience PatienceWith(GatewayHealth health) => Patience.Larger(outages.Patience(), health.Patience);

    private static DateTimeOffset Later(DateTimeOffset left, DateTimeOffset right) => left > right ? left : right;
}
