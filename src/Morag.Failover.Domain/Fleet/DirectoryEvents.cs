namespace Morag.Failover.Domain.Fleet;

/// <summary>A bucket of the directory took a worker's entry.</summary>
[ProtoContract(Name = "directory.worker-entry-updated")]
public sealed record WorkerEntryUpdated : IStoredEvent
{
    /// <summary>The entry.</summary>
    [ProtoMember(1)] public required WorkerEntry Entry { get; init; }
}

/// <summary>A worker that was gone for long was forgotten.</summary>
[ProtoContract(Name = "directory.worker-forgotten")]
public sealed record WorkerEntryForgotten : IStoredEvent
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }
}

/// <summary>A bucket of the directory, as a snapshot stores it.</summary>
[ProtoContract(Name = "directory.snapshot")]
public sealed record DirectorySnapshot : IStoredState
{
    /// <summary>The entries, in the order of their workers' ids.</summary>
    [ProtoMember(1)] public ImmutableArray<WorkerEntry> Entries { get; init; } = [];

    /// <summary>Workers that left, or are only known by reports, longest known first.</summary>
    [ProtoMember(2)] public ImmutableArray<WorkerId> NotRegistered { get; init; } = [];

    /// <summary>The last losses, newest last. The workers may be forgotten already.</summary>
    [ProtoMember(3)] public ImmutableArray<RecentLoss> Losses { get; init; } = [];
}
