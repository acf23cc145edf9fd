using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>Registers a worker, or renews what it said. Answer: <see cref="WorkerRegisteredReply"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "register-worker")]
public sealed record RegisterWorker : IWorkerMessage
{
    /// <summary>What the worker says of itself.</summary>
    [ProtoMember(1)] public required WorkerRegistration Registration { get; init; }

    /// <inheritdoc />
    public WorkerId WorkerId => Registration?.WorkerId ?? default; // A message may arrive without it.
}

/// <summary>The worker is registered, durably.</summary>
[ProtoContract(Name = "worker-registered-reply")]
public sealed record WorkerRegisteredReply : IWireMessage
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>What happened, in words: registered, renewed, replaced an older instance.</summary>
    [ProtoMember(2)] public required string Message { get; init; }
}

/// <summary>A lease that a worker says it holds.</summary>
[ProtoContract]
public sealed record HeldByWorker
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's epoch.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>How far it is, 0 to 1, where the worker tells.</summary>
    [ProtoMember(3)] public double? Progress { get; init; }
}

/// <summary>What a worker says of itself when it registers.</summary>
[ProtoContract]
public sealed record WorkerRegistration
{
    /// <summary>The worker's id, the same over restarts.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>A name for people; at most 200 bytes in UTF-8.</summary>
    [ProtoMember(2)] public string Name { get; init; } = "";

    /// <summary>What kind of machine it is.</summary>
    [ProtoMember(3)] public required WorkerCapability Capability { get; init; }

    /// <summary>What the machine has.</summary>
    [ProtoMember(4)] public WorkerHardware Hardware { get; init; } = new();

    /// <summary>Where it is.</summary>
    [ProtoMember(5)] public WorkerLocation Location { get; init; } = new();

    /// <summary>The most tasks it may hold at once, 1 to 10,000.</summary>
    [ProtoMember(6)] public int MaxConcurrentTasks { get; init; } = 1;

    /// <summary>The content types it can process; empty means all.</summary>
    [ProtoMember(7)] public ImmutableArray<string> SupportedContentTypes { get; init; } = [];

    /// <summary>The queues it wants to serve; empty means every queue that its capability serves.</summary>
    [ProtoMember(9)] public ImmutableArray<QueueName> Queues { get; init; } = [];

    /// <summary>New for each start of the worker's process; null for workers that do not tell.</summary>
    [ProtoMember(10)] public InstanceId? InstanceId { get; init; }

    /// <summary>
    /// How often it heartbeats, in seconds, 0.1 to 3600. Only a worker that says so may be found offline before the worker
    /// timeout: by the rhythm of its heartbeats, or by its broken session.
    /// </summary>
    [ProtoMember(11)] public double? HeartbeatIntervalSeconds { get; init; }

    // Number 8 was a list of words.

    /// <summary>What people and their tools want to know of it, such as <c>site: home</c>. Nothing is decided by it.</summary>
    [ProtoMember(12)] public ImmutableSortedDictionary<string, string> Tags { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

/// <summary>What the machine has. What is not known is 0 or empty.</summary>
[ProtoContract]
public sealed record WorkerHardware
{
    /// <summary>Logical CPU cores.</summary>
    [ProtoMember(1)] public int CpuCores { get; init; }

    /// <summary>Main memory in GiB.</summary>
    [ProtoMember(2)] public double MemoryGb { get; init; }

    /// <summary>How many GPUs.</summary>
    [ProtoMember(3)] public int GpuCount { get; init; }

    /// <summary>Memory of one GPU in GiB.</summary>
    [ProtoMember(4)] public double GpuMemoryGb { get; init; }

    /// <summary>The GPUs' models.</summary>
    [ProtoMember(5)] public ImmutableArray<string> GpuModels { get; init; } = [];

    /// <summary>Free disk space in GiB.</summary>
    [ProtoMember(6)] public double DiskSpaceGb { get; init; }
}

/// <summary>Where the machine is.</summary>
[ProtoContract]
public sealed record WorkerLocation
{
    /// <summary>Its host name.</summary>
    [ProtoMember(1)] public string Hostname { get; init; } = "";

    /// <summary>Its IP address.</summary>
    [ProtoMember(2)] public string IpAddress { get; init; } = "";

    /// <summary>The port it listens on; 0 where it listens on none.</summary>
    [ProtoMember(3)] public int Port { get; init; }

    /// <summary>Whether it is reached over a network that is not ours.</summary>
    [ProtoMember(4)] public bool IsRemote { get; init; }

    /// <summary>The latency to it in milliseconds, where it was measured.</summary>
    [ProtoMember(5)] public double? NetworkLatencyMs { get; init; }
}

/// <summary>What kind of machine a worker is, and so which queues it serves.</summary>
public enum WorkerCapability
{
    /// <summary>Serves CPU queues.</summary>
    Cpu,

    /// <summary>Serves GPU queues.</summary>
    Gpu,

    /// <summary>Serves both.</summary>
    Hybrid,
}
