using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>One success on a task that is held elsewhere.</summary>
[ProtoContract]
public sealed record ReportedSuccess
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The reporter's name for it: the same again within the task counts once.</summary>
    [ProtoMember(2)] public EventId? EventId { get; init; }

    /// <summary>How long it took, in seconds, 0 or more.</summary>
    [ProtoMember(3)] public double DurationSeconds { get; init; }
}

/// <summary>Work done on tasks that are held elsewhere, for the score. Answer: <see cref="WorkerReliabilityScore"/>.</summary>
[ProtoContract(Name = "record-successes")]
public sealed record RecordSuccesses : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The successes.</summary>
    [ProtoMember(2)] public ImmutableArray<ReportedSuccess> Successes { get; init; } = [];
}
