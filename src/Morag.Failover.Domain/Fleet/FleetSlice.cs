using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Fleet;

/// <summary>
/// Asks a bucket for its part of the fleet view. Answer: <see cref="FleetSlice"/>, at once where <see cref="KnownVersion"/> is old,
/// else when it changes or when the wait is over.
/// </summary>
[ProtoContract(Name = "get-fleet-slice")]
public sealed record GetFleetSlice : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The version that the asker has; -1 for none.</summary>
    [ProtoMember(2)] public long KnownVersion { get; init; } = -1;

    /// <summary>How long to wait for a change.</summary>
    [ProtoMember(3)] public TimeSpan Wait { get; init; }

    /// <summary>The queue partition that asks; null for others. From it the bucket knows which run of each partition is the present one.</summary>
    [ProtoMember(4)] public QueueIncarnation? Asker { get; init; }
}

/// <summary>
/// How many workers are registered and not offline, and still get no leases. Each is counted once, under the first reason that applies.
/// </summary>
[ProtoContract]
public sealed record UnavailableWorkers
{
    /// <summary>Workers that drain.</summary>
    [ProtoMember(1)] public int Draining { get; init; }

    /// <summary>Workers with an open breaker. A half-open breaker lets probes through, so its worker is available.</summary>
    [ProtoMember(2)] public int BreakerOpen { get; init; }

    /// <summary>Workers that report the status error.</summary>
    [ProtoMember(3)] public int Error { get; init; }

    /// <summary>Workers that are suspect.</summary>
    [ProtoMember(4)] public int Suspect { get; init; }
}

/// <summary>The workers of one profile that may take leases now.</summary>
[ProtoContract]
public sealed record ProfileCount
{
    /// <summary>The profile.</summary>
    [ProtoMember(1)] public required WorkerProfile Profile { get; init; }

    /// <summary>Workers that are registered and alive, not draining, without error, with a breaker that is not open.</summary>
    [ProtoMember(2)] public int Ready { get; init; }

    /// <summary>Workers that are registered and not offline (also suspect ones, draining ones and those with an open breaker).</summary>
    [ProtoMember(3)] public int Live { get; init; }

    /// <summary>Up to two of the ready ones, so that "any other than X" can be answered.</summary>
    [ProtoMember(4)] public ImmutableArray<WorkerId> SomeReady { get; init; } = [];

    /// <summary>Why the live workers that are not ready are not.</summary>
    [ProtoMember(5)] public UnavailableWorkers Unavailable { get; init; } = new();
}

/// <summary>One bucket's part of the fleet view, or a part of that where it is larger than <see cref="MessageLimits.MaxGatheredBytes"/>.</summary>
[ProtoContract(Name = "fleet-slice")]
public sealed record FleetSlice : IWireMessage
{
    /// <summary>The bucket.</summary>
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>Grows with each change while the bucket runs; begins anew, higher, when it restarts.</summary>
    [ProtoMember(2)] public long Version { get; init; }

    /// <summary>The profiles with at least one live worker.</summary>
    [ProtoMember(3)] public ImmutableArray<ProfileCount> Profiles { get; init; } = [];

    /// <summary>When workers were lost, unplanned, within the last hour; newest last, at most 1,000.</summary>
    [ProtoMember(4)] public ImmutableArray<RecentLoss> RecentLosses { get; init; } = [];

    /// <summary>Registered workers.</summary>
    [ProtoMember(5)] public int Registered { get; init; }

    /// <summary>Which part of the slice it is, from 0.</summary>
    [ProtoMember(6)] public int Part { get; init; }

    /// <summary>Whether further parts of it follow: they are sent one after the other, and differ only in <see cref="Profiles"/>.</summary>
    [ProtoMember(7)] public bool HasMore { get; init; }
}

/// <summary>A worker that was lost.</summary>
[ProtoContract]
public sealed record RecentLoss
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>When.</summary>
    [ProtoMember(2)] public DateTimeOffset At { get; init; }
}
