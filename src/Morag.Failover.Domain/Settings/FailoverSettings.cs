namespace Morag.Failover.Domain.Settings;

/// <summary>All settings of failover. The defaults equal those of <c>hocon/morag.conf</c>; a test checks that.</summary>
public sealed record FailoverSettings
{
    /// <summary>The defaults.</summary>
    public static readonly FailoverSettings Default = new();

    /// <summary>The rules that decide a failure.</summary>
    public PolicySettings Policy { get; init; } = new();

    /// <summary>The queues and their tasks.</summary>
    public QueueSettings Queues { get; init; } = new();

    /// <summary>Liveness and breakers.</summary>
    public WorkerSettings Workers { get; init; } = new();

    /// <summary>The records of what operators did.</summary>
    public AuditSettings Audit { get; init; } = new();

    /// <summary>When alerts are raised, and how long they are kept.</summary>
    public AlertSettings Alerts { get; init; } = new();

    /// <summary>How state is partitioned. Fixed at the first start.</summary>
    public PartitionSettings Partitions { get; init; } = new();

    /// <summary>How state is stored.</summary>
    public StorageSettings Storage { get; init; } = new();
}

/// <summary>The number of entities of each kind. Stored at the first start; a node with other numbers does not start.</summary>
public sealed record PartitionSettings
{
    /// <summary>Queue partitions, 1 to 256. Priority is strict within each partition.</summary>
    public int Queues { get; init; } = 1;

    /// <summary>Coordinators, 1 to 256.</summary>
    public int Coordinators { get; init; } = 16;

    /// <summary>Directory buckets, 1 to 256.</summary>
    public int DirectoryBuckets { get; init; } = 4;

    /// <summary>Shards of worker entities, 1 to 10,000.</summary>
    public int WorkerShards { get; init; } = 100;
}

/// <summary>How entities store their state.</summary>
public sealed record StorageSettings
{
    /// <summary>Events between snapshots of a queue partition or a coordinator, 100 or more.</summary>
    public int SnapshotEvery { get; init; } = 20_000;

    /// <summary>Events between snapshots of a worker or a directory bucket, 10 or more.</summary>
    public int SmallSnapshotEvery { get; init; } = 1_000;

    /// <summary>
    /// The estimated bytes of events that make a snapshot due, however few the events are, unless the state is larger. 1 MiB or more.
    /// </summary>
    public long SnapshotBytes { get; init; } = 32L * 1024 * 1024;

    /// <summary>Snapshots kept, 1 to 10. Events before the oldest of them are deleted.</summary>
    public int SnapshotsKept { get; init; } = 2;

    /// <summary>The most estimated bytes in one part of a snapshot. A larger record is a part of its own.</summary>
    public int SnapshotPartBytes { get; init; } = 64 * 1024;
}
