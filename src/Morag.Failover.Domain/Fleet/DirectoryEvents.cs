namespace Morag.Failover.Domain.Fleet;

/// <summary>The entry of a worker in a directory bucket was added or updated.</summary>
[ProtoContract(Name = "directory.worker-entry-updated")]
public sealed record WorkerEntryUpdated : IStoredEvent
{
    /// <summary>The entry.</summary>
    [ProtoMember(1)] public required WorkerEntry Entry { get; init; }
}

/// <summary>A worker that had been gone for <c>forget-after</c> was removed.</summary>
[ProtoContract(Name = "directory.worker-forgotten")]
public sealed record WorkerEntryForgotten : IStoredEvent
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }
}
