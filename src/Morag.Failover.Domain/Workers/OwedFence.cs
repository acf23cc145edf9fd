using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Workers;

/// <summary>A fence that not every queue partition has acknowledged yet.</summary>
[ProtoContract]
public sealed record OwedFence
{
    /// <summary>Its number for this worker.</summary>
    [ProtoMember(1)] public required long Number { get; init; }

    /// <summary>What it does.</summary>
    [ProtoMember(2)] public required FenceKind Kind { get; init; }

    /// <summary>The fenced instance; null means every instance.</summary>
    [ProtoMember(3)] public InstanceId? InstanceId { get; init; }

    /// <summary>The loss, for the kinds that mean one.</summary>
    [ProtoMember(4)] public LossId? LossId { get; init; }

    /// <summary>The start of its silence.</summary>
    [ProtoMember(5)] public DateTimeOffset SilentSince { get; init; }

    /// <summary>Whom the loss counts against.</summary>
    [ProtoMember(6)] public LossBlame Blame { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(7)] public string Reason { get; init; } = "";
}
