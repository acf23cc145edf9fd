namespace Morag.Failover.Domain.Fleet;

/// <summary>The snapshot of a directory bucket, or a part of it.</summary>
[ProtoContract(Name = "directory.snapshot")]
public sealed record DirectorySnapshot : IStoredState
{
    /// <summary>The entries, ordered by worker id.</summary>
    [ProtoMember(1)] public ImmutableArray<WorkerEntry> Entries { get; init; } = [];

    /// <summary>Workers that unregistered or are known only by reports, longest known first.</summary>
    [ProtoMember(2)] public ImmutableArray<WorkerId> NotRegistered { get; init; } = [];

    /// <summary>The last losses, newest last. Their workers may already be removed.</summary>
    [ProtoMember(3)] public ImmutableArray<RecentLoss> Losses { get; init; } = [];
}
