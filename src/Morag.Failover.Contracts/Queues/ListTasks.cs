using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>Asks one partition for tasks, sorted by id. The reply is <see cref="TaskPage"/>.</summary>
[ProtoContract(Name = "list-tasks")]
public sealed record ListTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Which tasks.</summary>
    [ProtoMember(2)] public TaskFilter Filter { get; init; } = new();

    /// <summary>Only ids after this one, in ordinal order.</summary>
    [ProtoMember(3)] public TaskId? After { get; init; }

    /// <summary>The most tasks to return, 1 to 1,000.</summary>
    [ProtoMember(4)] public int Limit { get; init; } = 100;

    /// <summary>Whether to leave out tasks that succeeded or were cancelled.</summary>
    [ProtoMember(5)] public bool OnlyUnfinished { get; init; }
}

/// <summary>A page of tasks.</summary>
[ProtoContract(Name = "task-page")]
public sealed record TaskPage : IWireMessage
{
    /// <summary>The tasks.</summary>
    [ProtoMember(1)] public ImmutableArray<QueueEntry> Tasks { get; init; } = [];

    /// <summary>Whether more tasks follow. A page ends at its limit or at <see cref="MessageLimits.MaxGatheredBytes"/>.</summary>
    [ProtoMember(2)] public bool HasMore { get; init; }
}

/// <summary>A task in a list.</summary>
[ProtoContract]
public sealed record QueueEntry
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Its queue.</summary>
    [ProtoMember(2)] public required QueueName QueueType { get; init; }

    /// <summary>Its priority.</summary>
    [ProtoMember(3)] public TaskPriority Priority { get; init; }

    /// <summary>The worker that holds it, or whose result was accepted.</summary>
    [ProtoMember(4)] public WorkerId? WorkerId { get; init; }

    /// <summary>When it was submitted.</summary>
    [ProtoMember(5)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>The estimated duration in minutes.</summary>
    [ProtoMember(6)] public double? EstimatedDuration { get; init; }

    /// <summary>What it needs of a machine.</summary>
    [ProtoMember(7)] public ResourceRequirements ResourceRequirements { get; init; } = new();

    /// <summary>Failures so far.</summary>
    [ProtoMember(8)] public int RetryCount { get; init; }

    /// <summary>The most failures of its own before it is parked.</summary>
    [ProtoMember(9)] public int MaxRetries { get; init; }

    /// <summary>Its state.</summary>
    [ProtoMember(10)] public TaskState State { get; init; }

    /// <summary>The epoch of its newest lease.</summary>
    [ProtoMember(11)] public LeaseEpoch Epoch { get; init; }

    /// <summary>When a delayed task comes due.</summary>
    [ProtoMember(12)] public DateTimeOffset? NotBefore { get; init; }

    /// <summary>What it needs that no available worker offers; null if it is not waiting or a worker can run it.</summary>
    [ProtoMember(13)] public string? UnmetNeed { get; init; }

    /// <summary>Its content type.</summary>
    [ProtoMember(14)] public string? ContentType { get; init; }

    /// <summary>How many leases it has had.</summary>
    [ProtoMember(15)] public int Attempt { get; init; }

    /// <summary>When something last happened to it.</summary>
    [ProtoMember(16)] public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>The message of its newest failure, at most 500 characters once the failure is decided; null without one.</summary>
    [ProtoMember(17)] public string? LastError { get; init; }

    /// <summary>Why it is parked.</summary>
    [ProtoMember(18)] public string? ParkedBecause { get; init; }

    /// <summary>When it succeeded or was cancelled.</summary>
    [ProtoMember(19)] public DateTimeOffset? FinishedAt { get; init; }
}
