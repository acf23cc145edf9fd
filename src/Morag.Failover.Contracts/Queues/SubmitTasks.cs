using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>
/// Submits tasks of one partition. The reply, sent when the tasks are durable, is <see cref="TasksSubmitted"/>, or <see cref="Refused"/> if
/// there are more than <see cref="CallLimits.MaxEntries"/> tasks or more than <see cref="MessageLimits.MaxBatchBytes"/> bytes.
/// </summary>
[ProtoContract(Name = "submit-tasks")]
public sealed record SubmitTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The tasks.</summary>
    [ProtoMember(2)] public ImmutableArray<TaskSubmission> Tasks { get; init; } = [];
}

/// <summary>The results of a submission, in the order of the call.</summary>
[ProtoContract(Name = "tasks-submitted")]
public sealed record TasksSubmitted : IWireMessage
{
    /// <summary>One result for each task.</summary>
    [ProtoMember(1)] public ImmutableArray<SubmissionResult> Results { get; init; } = [];
}

/// <summary>The result of submitting one task.</summary>
[ProtoContract]
public sealed record SubmissionResult
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Why the task was rejected; null if it was accepted, now or by an earlier submission with the same content.</summary>
    [ProtoMember(2)] public Refused? Refused { get; init; }

    /// <summary>The task's current state.</summary>
    [ProtoMember(3)] public TaskState State { get; init; }
}
