using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Fleet;

/// <summary>Counts the live workers of one profile.</summary>
[ProtoContract]
public sealed record ProfileCount
{
    /// <summary>The profile.</summary>
    [ProtoMember(1)] public required WorkerProfile Profile { get; init; }

    /// <summary>Workers that can take leases: alive, not draining, without error, and with a breaker that is not open.</summary>
    [ProtoMember(2)] public int Ready { get; init; }

    /// <summary>Workers that are registered and not offline.</summary>
    [ProtoMember(3)] public int Live { get; init; }

    /// <summary>Up to two ready workers, to answer whether any worker other than a given one is ready.</summary>
    [ProtoMember(4)] public ImmutableArray<WorkerId> SomeReady { get; init; } = [];

    /// <summary>The reasons why live workers are not ready.</summary>
    [ProtoMember(5)] public UnavailableWorkers Unavailable { get; init; } = new();
}

/// <summary>
/// Counts live workers that get no leases. Each is counted once, under the first reason that applies.
/// </summary>
[ProtoContract]
public sealed record UnavailableWorkers
{
    /// <summary>Draining workers.</summary>
    [ProtoMember(1)] public int Draining { get; init; }

    /// <summary>Workers with an open breaker. A half-open breaker lets probes through, so its worker is available.</summary>
    [ProtoMember(2)] public int BreakerOpen { get; init; }

    /// <summary>Workers that report the status error.</summary>
    [ProtoMember(3)] public int Error { get; init; }

    /// <summary>Suspect workers.</summary>
    [ProtoMember(4)] public int Suspect { get; init; }
}
