using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Fleet;

/// <summary>
/// Asks a directory bucket for its slice of the fleet view. Reply: <see cref="FleetSlice"/>, at once if <see cref="KnownVersion"/> is
/// outdated, otherwise when the slice changes or the wait ends.
/// </summary>
[ProtoContract(Name = "get-fleet-slice")]
public sealed record GetFleetSlice : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The version that the sender has; -1 for none.</summary>
    [ProtoMember(2)] public long KnownVersion { get; init; } = -1;

    /// <summary>How long to wait for a change.</summary>
    [ProtoMember(3)] public TimeSpan Wait { get; init; }

    /// <summary>The queue partition that asks; null for others. It tells the bucket the current incarnation of the partition.</summary>
    [ProtoMember(4)] public QueueIncarnation? Asker { get; init; }
}

/// <summary>
/// One bucket's slice of the fleet view, or a part of it if it is larger than <see cref="MessageLimits.MaxGatheredBytes"/>.
/// </summary>
[ProtoContract(Name = "fleet-slice")]
public sealed record FleetSlice : IWireMessage
{
    /// <summary>The bucket.</summary>
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>Grows with each change, also across restarts of the bucket.</summary>
    [ProtoMember(2)] public long Version { get; init; }

    /// <summary>The profiles with at least one live worker.</summary>
    [ProtoMember(3)] public ImmutableArray<ProfileCount> Profiles { get; init; } = [];

    /// <summary>Unplanned losses of workers within the last hour, newest last, at most 1,000.</summary>
    [ProtoMember(4)] public ImmutableArray<RecentLoss> RecentLosses { get; init; } = [];

    /// <summary>Registered workers.</summary>
    [ProtoMember(5)] public int Registered { get; init; }

    /// <summary>The number of this part of the slice, from 0.</summary>
    [ProtoMember(6)] public int Part { get; init; }

    /// <summary>Whether more parts follow. The parts are sent in order and differ only in <see cref="Profiles"/>.</summary>
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
