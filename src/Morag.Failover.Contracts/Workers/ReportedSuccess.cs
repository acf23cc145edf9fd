using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>A success on a task that is not in a queue here.</summary>
[ProtoContract]
public sealed record ReportedSuccess
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>An id from the reporter, unique within the task. Repeated reports count once.</summary>
    [ProtoMember(2)] public EventId? EventId { get; init; }

    /// <summary>How long it took, in seconds, 0 or more.</summary>
    [ProtoMember(3)] public double DurationSeconds { get; init; }
}

/// <summary>Records successes on tasks that are not in a queue here. Reply: <see cref="WorkerReliabilityScore"/>.</summary>
[ProtoContract(Name = "record-successes")]
public sealed record RecordSuccesses : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The successes.</summary>
    [ProtoMember(2)] public ImmutableArray<ReportedSuccess> Successes { get; init; } = [];
}
