using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;

namespace Morag.Failover.Domain.Workers;

/// <summary>The facts about one worker that the failover policy uses.</summary>
[ProtoContract]
public sealed record WorkerStanding
{
    /// <summary>The score.</summary>
    [ProtoMember(1)] public required WorkerReliabilityScore Score { get; init; }

    /// <summary>Whether it is registered.</summary>
    [ProtoMember(2)] public bool Registered { get; init; }

    /// <summary>True once it unregistered.</summary>
    [ProtoMember(3)] public bool Unregistered { get; init; }

    /// <summary>Its liveness.</summary>
    [ProtoMember(4)] public Liveness Liveness { get; init; }

    /// <summary>Whether it is draining.</summary>
    [ProtoMember(5)] public bool Draining { get; init; }

    /// <summary>The tasks it can take; null for a worker that is not registered.</summary>
    [ProtoMember(6)] public WorkerProfile? Profile { get; init; }
}
