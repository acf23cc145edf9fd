using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Fleet;

/// <summary>What decides whether a worker can take a task: workers with the same profile can take the same tasks.</summary>
[ProtoContract]
public sealed record WorkerProfile
{
    /// <summary>What kind of machine it is.</summary>
    [ProtoMember(1)] public required WorkerCapability Capability { get; init; }

    /// <summary>The queues that it wants to serve; empty means all that its capability serves.</summary>
    [ProtoMember(2)] public ImmutableArray<QueueName> Queues { get; init; } = [];

    /// <summary>The content types it supports; empty means all.</summary>
    [ProtoMember(3)] public ImmutableArray<string> ContentTypes { get; init; } = [];

    /// <summary>The number of GPUs.</summary>
    [ProtoMember(4)] public int GpuCount { get; init; }

    /// <summary>Main memory in GiB; 0 if unknown, which meets no requirement.</summary>
    [ProtoMember(5)] public double MemoryGb { get; init; }

    /// <summary>Disk space in GiB; 0 if unknown, which meets no requirement.</summary>
    [ProtoMember(6)] public double DiskGb { get; init; }
}
