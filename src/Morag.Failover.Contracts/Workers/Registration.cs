using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>Registers a worker or renews its registration. Reply: <see cref="WorkerRegisteredReply"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "register-worker")]
public sealed record RegisterWorker : IWorkerMessage
{
    /// <summary>The registration.</summary>
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

    /// <summary>What happened: registered, renewed, or replaced an older instance.</summary>
    [ProtoMember(2)] public required string Message { get; init; }
}

/// <summary>A lease that a worker reports to hold.</summary>
[ProtoContract]
public sealed record HeldByWorker
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's epoch.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>The progress of the task, 0 to 1; null if the worker does not report it.</summary>
    [ProtoMember(3)] public double? Progress { get; init; }
}

/// <summary>The properties of a worker.</summary>
[ProtoContract]
public sealed record WorkerRegistration
{
    /// <summary>The worker's id. It stays the same across restarts.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>A name for people; at most 200 bytes in UTF-8.</summary>
    [ProtoMember(2)] public string Name { get; init; } = "";

    /// <summary>Which kinds of queues it serves.</summary>
    [ProtoMember(3)] public required WorkerCapability Capability { get; init; }

    /// <summary>The hardware of the machine.</summary>
    [ProtoMember(4)] public WorkerHardware Hardware { get; init; } = new();

    /// <summary>The location of the machine.</summary>
    [ProtoMember(5)] public WorkerLocation Location { get; init; } = new();

    /// <summary>The most tasks it may hold at once, 1 to 10,000.</summary>
    [ProtoMember(6)] public int MaxConcurrentTasks { get; init; } = 1;

    /// <summary>The content types it can process; empty means all.</summary>
    [ProtoMember(7)] public ImmutableArray<string> SupportedContentTypes { get; init; } = [];

    /// <summary>The queues it wants to serve; empty means every queue that its capability serves.</summary>
    [ProtoMember(9)] public ImmutableArray<QueueName> Queues { get; init; } = [];

    /// <summary>An id that is new for each start of the worker's process; null if the worker has none.</summary>
    [ProtoMember(10)] public InstanceId? InstanceId { get; init; }

    /// <summary>
    /// The heartbeat interval in seconds, 0.1 to 3600. Only a worker that declares it can be lost before the worker timeout: when its
    /// heartbeats stop, or when its session breaks.
    /// </summary>
    [ProtoMember(11)] public double? HeartbeatIntervalSeconds { get; init; }

    // Number 8 was a list of words.

    /// <summary>Labels for people and tools, such as <c>site: home</c>. They affect no decision.</summary>
    [ProtoMember(12)]
    public ImmutableSortedDictionary<string, string> Tags { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;
}

/// <summary>The hardware of the machine. Unknown values are 0 or empty.</summary>
[ProtoContract]
public sealed record WorkerHardware
{
    /// <summary>Logical CPU cores.</summary>
    [ProtoMember(1)] public int CpuCores { get; init; }

    /// <summary>Main memory in GiB.</summary>
    [ProtoMember(2)] public double MemoryGb { get; init; }

    /// <summary>The number of GPUs.</summary>
    [ProtoMember(3)] public int GpuCount { get; init; }

    /// <summary>Memory of one GPU in GiB.</summary>
    [ProtoMember(4)] public double GpuMemoryGb { get; init; }

    /// <summary>The GPU models.</summary>
    [ProtoMember(5)] public ImmutableArray<string> GpuModels { get; init; } = [];

    /// <summary>Free disk space in GiB.</summary>
    [ProtoMember(6)] public double DiskSpaceGb { get; init; }
}

/// <summary>The location of a machine.</summary>
[ProtoContract]
public sealed record WorkerLocation
{
    /// <summary>Its host name.</summary>
    [ProtoMember(1)] public string Hostname { get; init; } = "";

    /// <summary>Its IP address.</summary>
    [ProtoMember(2)] public string IpAddress { get; init; } = "";

    /// <summary>The port it listens on; 0 for none.</summary>
    [ProtoMember(3)] public int Port { get; init; }

    /// <summary>Whether it is reached over an external network.</summary>
    [ProtoMember(4)] public bool IsRemote { get; init; }

    /// <summary>The network latency to it in milliseconds; null if not measured.</summary>
    [ProtoMember(5)] public double? NetworkLatencyMs { get; init; }
}

/// <summary>The kind of a worker, which determines the queues that it serves.</summary>
public enum WorkerCapability
{
    /// <summary>Serves CPU queues.</summary>
    Cpu = 0,

    /// <summary>Serves GPU queues.</summary>
    Gpu = 1,

    /// <summary>Serves both.</summary>
    Hybrid = 2,
}
