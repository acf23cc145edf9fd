using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>Asks for a task. The reply is <see cref="TaskInfo"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "get-task")]
public sealed record GetTask : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }
}

/// <summary>A task in full.</summary>
[ProtoContract(Name = "task-info")]
public sealed record TaskInfo : IWireMessage
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Its state.</summary>
    [ProtoMember(2)] public TaskState State { get; init; }

    /// <summary>Its queue.</summary>
    [ProtoMember(3)] public required QueueName Queue { get; init; }

    /// <summary>Its priority.</summary>
    [ProtoMember(4)] public TaskPriority Priority { get; init; }

    /// <summary>The worker that holds it or held it last.</summary>
    [ProtoMember(5)] public WorkerId? WorkerId { get; init; }

    /// <summary>The epoch of its newest lease.</summary>
    [ProtoMember(6)] public LeaseEpoch Epoch { get; init; }

    /// <summary>How many leases it has had.</summary>
    [ProtoMember(7)] public int Attempt { get; init; }

    /// <summary>When it was submitted.</summary>
    [ProtoMember(8)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>When a delayed task comes due.</summary>
    [ProtoMember(9)] public DateTimeOffset? NotBefore { get; init; }

    /// <summary>When its lease times out.</summary>
    [ProtoMember(10)] public DateTimeOffset? Deadline { get; init; }

    /// <summary>When it succeeded or was cancelled.</summary>
    [ProtoMember(11)] public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Failures so far.</summary>
    [ProtoMember(12)] public int RetryCount { get; init; }

    /// <summary>The most failures of its own before it is parked.</summary>
    [ProtoMember(13)] public int MaxRetries { get; init; }

    /// <summary>The current quality settings.</summary>
    [ProtoMember(14)] public JsonText Quality { get; init; } = JsonText.EmptyObject;

    /// <summary>The content type.</summary>
    [ProtoMember(15)] public string? ContentType { get; init; }

    /// <summary>What it needs of a machine.</summary>
    [ProtoMember(16)] public ResourceRequirements ResourceRequirements { get; init; } = new();

    /// <summary>The payload.</summary>
    [ProtoMember(17)] public JsonText Payload { get; init; }

    /// <summary>The result of the accepted completion.</summary>
    [ProtoMember(18)] public JsonText Result { get; init; }

    /// <summary>Why it is parked.</summary>
    [ProtoMember(19)] public string? ParkedBecause { get; init; }

    /// <summary>What happened to it, oldest first. A long history omits entries from the middle.</summary>
    [ProtoMember(20)] public ImmutableArray<TaskHistoryEntry> History { get; init; } = [];

    /// <summary>What it needs that no available worker offers; null if it is not waiting or a worker can run it.</summary>
    [ProtoMember(21)] public string? UnmetNeed { get; init; }

    /// <summary>Why it does not run now, from the live state; null in an answer of an earlier version.</summary>
    [ProtoMember(22)] public TaskWaiting? Waiting { get; init; }

    /// <summary>How far it is, as its workers reported it; null without a report.</summary>
    [ProtoMember(23)] public TaskProgress? Progress { get; init; }
}

/// <summary>An entry of a task's history.</summary>
[ProtoContract]
public sealed record TaskHistoryEntry
{
    /// <summary>When it happened.</summary>
    [ProtoMember(1)] public DateTimeOffset At { get; init; }

    /// <summary>
    /// What happened: submitted, leased, lease_ended, reassigned, pin_ended, completed, released, parked, unparked, requeued, cancelled,
    /// reprioritized, moved, extended, late_result, late_failure, late_extension or late_release.
    /// </summary>
    [ProtoMember(2)] public required string What { get; init; }

    /// <summary>The worker involved.</summary>
    [ProtoMember(3)] public WorkerId? WorkerId { get; init; }

    /// <summary>The lease involved.</summary>
    [ProtoMember(4)] public LeaseEpoch? Epoch { get; init; }

    /// <summary>Details in words.</summary>
    [ProtoMember(5)] public string? Detail { get; init; }
}
