using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>Asks for a task. Answer: <see cref="TaskInfo"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "get-task")]
public sealed record GetTask : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }
}

/// <summary>Asks one partition for tasks in the order of their ids. Answer: <see cref="TaskPage"/>.</summary>
[ProtoContract(Name = "list-tasks")]
public sealed record ListTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Which.</summary>
    [ProtoMember(2)] public TaskFilter Filter { get; init; } = new();

    /// <summary>Only ids after this one (ordinal).</summary>
    [ProtoMember(3)] public TaskId? After { get; init; }

    /// <summary>The most to return, 1 to 1,000.</summary>
    [ProtoMember(4)] public int Limit { get; init; } = 100;

    /// <summary>Whether tasks that have succeeded or were cancelled are left out.</summary>
    [ProtoMember(5)] public bool OnlyUnfinished { get; init; }
}

/// <summary>A page of tasks.</summary>
[ProtoContract(Name = "task-page")]
public sealed record TaskPage : IWireMessage
{
    /// <summary>The tasks.</summary>
    [ProtoMember(1)] public ImmutableArray<QueueEntry> Tasks { get; init; } = [];

    /// <summary>Whether there are more after these: the page ends at its limit of entries, or at <see cref="MessageLimits.MaxGatheredBytes"/>.</summary>
    [ProtoMember(2)] public bool HasMore { get; init; }
}

/// <summary>A queue entry as it is listed.</summary>
[ProtoContract]
public sealed record QueueEntry
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Its queue.</summary>
    [ProtoMember(2)] public required QueueName QueueType { get; init; }

    /// <summary>Its place in the order.</summary>
    [ProtoMember(3)] public TaskPriority Priority { get; init; }

    /// <summary>Who holds it, or whose result was accepted.</summary>
    [ProtoMember(4)] public WorkerId? WorkerId { get; init; }

    /// <summary>When it was submitted.</summary>
    [ProtoMember(5)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>How long it is thought to take, in minutes.</summary>
    [ProtoMember(6)] public double? EstimatedDuration { get; init; }

    /// <summary>What it needs of a machine.</summary>
    [ProtoMember(7)] public ResourceRequirements ResourceRequirements { get; init; } = new();

    /// <summary>Failures so far.</summary>
    [ProtoMember(8)] public int RetryCount { get; init; }

    /// <summary>The failures of its own that it may have.</summary>
    [ProtoMember(9)] public int MaxRetries { get; init; }

    /// <summary>Where it is in its life.</summary>
    [ProtoMember(10)] public TaskState State { get; init; }

    /// <summary>Its current or last lease.</summary>
    [ProtoMember(11)] public LeaseEpoch Epoch { get; init; }

    /// <summary>When a delayed task comes due.</summary>
    [ProtoMember(12)] public DateTimeOffset? NotBefore { get; init; }

    /// <summary>What it needs that no available worker offers, in words; null where one could take it, or it does not wait.</summary>
    [ProtoMember(13)] public string? UnmetNeed { get; init; }
}

/// <summary>A task in full.</summary>
[ProtoContract(Name = "task-info")]
public sealed record TaskInfo : IWireMessage
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Where it is in its life.</summary>
    [ProtoMember(2)] public TaskState State { get; init; }

    /// <summary>Its queue.</summary>
    [ProtoMember(3)] public required QueueName Queue { get; init; }

    /// <summary>Its place in the order.</summary>
    [ProtoMember(4)] public TaskPriority Priority { get; init; }

    /// <summary>Who holds it, or held it last.</summary>
    [ProtoMember(5)] public WorkerId? WorkerId { get; init; }

    /// <summary>Its current or last lease.</summary>
    [ProtoMember(6)] public LeaseEpoch Epoch { get; init; }

    /// <summary>How often it was leased.</summary>
    [ProtoMember(7)] public int Attempt { get; init; }

    /// <summary>When it was submitted.</summary>
    [ProtoMember(8)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>When a delayed task comes due.</summary>
    [ProtoMember(9)] public DateTimeOffset? NotBefore { get; init; }

    /// <summary>When its lease times out.</summary>
    [ProtoMember(10)] public DateTimeOffset? Deadline { get; init; }

    /// <summary>When it ended, for good.</summary>
    [ProtoMember(11)] public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Failures so far.</summary>
    [ProtoMember(12)] public int RetryCount { get; init; }

    /// <summary>The failures of its own that it may have.</summary>
    [ProtoMember(13)] public int MaxRetries { get; init; }

    /// <summary>The quality settings that hold now.</summary>
    [ProtoMember(14)] public JsonText Quality { get; init; } = JsonText.EmptyObject;

    /// <summary>The content type.</summary>
    [ProtoMember(15)] public string? ContentType { get; init; }

    /// <summary>What it needs of a machine.</summary>
    [ProtoMember(16)] public ResourceRequirements ResourceRequirements { get; init; } = new();

    /// <summary>What the worker gets.</summary>
    [ProtoMember(17)] public JsonText Payload { get; init; }

    /// <summary>What the accepted completion gave.</summary>
    [ProtoMember(18)] public JsonText Result { get; init; }

    /// <summary>Why it is parked.</summary>
    [ProtoMember(19)] public string? ParkedBecause { get; init; }

    /// <summary>What happened to it, oldest first; the middle is left out of very long ones.</summary>
    [ProtoMember(20)] public ImmutableArray<TaskHistoryEntry> History { get; init; } = [];

    /// <summary>What it needs that no available worker offers, in words; null where one could take it, or it does not wait.</summary>
    [ProtoMember(21)] public string? UnmetNeed { get; init; }
}

/// <summary>One thing that happened to a task.</summary>
[ProtoContract]
public sealed record TaskHistoryEntry
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public DateTimeOffset At { get; init; }

    /// <summary>
    /// What, as a word: submitted, leased, lease_ended, reassigned, pin_ended, completed, released, parked, unparked, requeued, cancelled, extended,
    /// late_result, late_failure, late_extension, late_release.
    /// </summary>
    [ProtoMember(2)] public required string What { get; init; }

    /// <summary>The worker it concerns.</summary>
    [ProtoMember(3)] public WorkerId? WorkerId { get; init; }

    /// <summary>The lease it concerns.</summary>
    [ProtoMember(4)] public LeaseEpoch? Epoch { get; init; }

    /// <summary>More about it, in words.</summary>
    [ProtoMember(5)] public string? Detail { get; init; }
}
