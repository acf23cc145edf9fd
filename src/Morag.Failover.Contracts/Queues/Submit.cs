using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>
/// Submits tasks of one partition. Answer, once durable: <see cref="TasksSubmitted"/>; or <see cref="Refused"/> where there are more than
/// <see cref="CallLimits.MaxEntries"/> of them, or they take more than <see cref="MessageLimits.MaxBatchBytes"/> together.
/// </summary>
[ProtoContract(Name = "submit-tasks")]
public sealed record SubmitTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The tasks.</summary>
    [ProtoMember(2)] public ImmutableArray<TaskSubmission> Tasks { get; init; } = [];
}

/// <summary>What became of each submission, in the order of the call.</summary>
[ProtoContract(Name = "tasks-submitted")]
public sealed record TasksSubmitted : IWireMessage
{
    /// <summary>One for each task.</summary>
    [ProtoMember(1)] public ImmutableArray<SubmissionResult> Results { get; init; } = [];
}

/// <summary>What became of one submission.</summary>
[ProtoContract]
public sealed record SubmissionResult
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Null where it is accepted; also for the same content again, which answers as the first time.</summary>
    [ProtoMember(2)] public Refused? Refused { get; init; }

    /// <summary>The state it is in.</summary>
    [ProtoMember(3)] public TaskState State { get; init; }
}

/// <summary>A task as it is handed in.</summary>
[ProtoContract]
public sealed record TaskSubmission
{
    private string? contentType;

    // Not the shared instance: Protobuf reads into the one that is there.
    private ResourceRequirements resourceRequirements = new();

    /// <summary>The task's id.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The queue it goes to.</summary>
    [ProtoMember(2)] public required QueueName Queue { get; init; }

    /// <summary>Its place in the order.</summary>
    [ProtoMember(3)] public TaskPriority Priority { get; init; } = TaskPriority.Normal;

    /// <summary>What the worker gets: any JSON up to <c>max-payload</c> and <see cref="JsonDepth.MaxOfValue"/> levels.</summary>
    [ProtoMember(4)] public JsonText Payload { get; init; }

    /// <summary>The time a lease may run; null means the queue's.</summary>
    [ProtoMember(5)] public TimeSpan? Timeout { get; init; }

    /// <summary>The failures of its own that it may have before it parks; null means the default (3).</summary>
    [ProtoMember(6)] public int? MaxRetries { get; init; }

    /// <summary>The content type, matched against what workers support.</summary>
    [ProtoMember(7)] public string? ContentType { get => contentType; init => contentType = SharedValues<string>.Of(value); }

    /// <summary>The quality settings to begin with; an object.</summary>
    [ProtoMember(8)] public JsonText Quality { get; init; } = JsonText.EmptyObject;

    /// <summary>What it needs of a machine.</summary>
    [ProtoMember(9)]
    public ResourceRequirements ResourceRequirements { get => resourceRequirements; init => resourceRequirements = value; }

    /// <summary>How long it is thought to take, in minutes.</summary>
    [ProtoMember(10)] public double? EstimatedDuration { get; init; }

    /// <summary>Most tasks need what many others need.</summary>
    [ProtoAfterDeserialization]
    private void ShareEqualValues() => resourceRequirements = SharedValues<ResourceRequirements>.Of(resourceRequirements);
}

/// <summary>What a task needs of a machine.</summary>
[ProtoContract]
public sealed record ResourceRequirements
{
    /// <summary>Needs nothing in particular.</summary>
    public static readonly ResourceRequirements None = new();

    /// <summary>Whether it needs a GPU.</summary>
    [ProtoMember(1)] public bool GpuRequired { get; init; }

    /// <summary>Main memory in GiB, 0 or more.</summary>
    [ProtoMember(2)] public double MemoryGb { get; init; }

    /// <summary>Disk space in GiB, 0 or more.</summary>
    [ProtoMember(3)] public double DiskGb { get; init; }
}
