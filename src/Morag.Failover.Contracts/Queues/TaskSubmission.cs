using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>A task as submitted.</summary>
[ProtoContract]
public sealed record TaskSubmission
{
    private string? contentType;
    private string? traceParent;

    // Not the shared instance: Protobuf deserializes into the existing object.
    private ResourceRequirements resourceRequirements = new();

    /// <summary>The task's id.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The queue to put it in.</summary>
    [ProtoMember(2)] public required QueueName Queue { get; init; }

    /// <summary>The priority.</summary>
    [ProtoMember(3)] public TaskPriority Priority { get; init; } = TaskPriority.Normal;

    /// <summary>
    /// The payload for the worker: any JSON up to <c>max-payload</c> bytes and <see cref="JsonDepth.MaxOfValue"/> levels.
    /// </summary>
    [ProtoMember(4)] public JsonText Payload { get; init; }

    /// <summary>How long a lease lasts; null uses the queue's default.</summary>
    [ProtoMember(5)] public TimeSpan? Timeout { get; init; }

    /// <summary>The most failures of its own before the task is parked; null uses the default (3).</summary>
    [ProtoMember(6)] public int? MaxRetries { get; init; }

    /// <summary>The content type, matched against the types that workers support.</summary>
    [ProtoMember(7)] public string? ContentType { get => contentType; init => contentType = SharedValues<string>.Of(value); }

    /// <summary>The initial quality settings, a JSON object.</summary>
    [ProtoMember(8)] public JsonText Quality { get; init; } = JsonText.EmptyObject;

    /// <summary>What the task needs of a machine.</summary>
    [ProtoMember(9)]
    public ResourceRequirements ResourceRequirements { get => resourceRequirements; init => resourceRequirements = value; }

    /// <summary>The estimated duration in minutes.</summary>
    [ProtoMember(10)] public double? EstimatedDuration { get; init; }

    /// <summary>
    /// The trace that the work continues (<see cref="Wire.TraceParent"/>); null for none. It is not content: submitting the task again
    /// with another trace changes nothing.
    /// </summary>
    [ProtoMember(11), JsonPropertyName("traceparent")]
    public string? TraceParent { get => traceParent; init => traceParent = SharedValues<string>.Of(value); }

    /// <summary>Shares equal values to save memory: many tasks have the same needs.</summary>
    [ProtoAfterDeserialization]
    private void ShareEqualValues() => resourceRequirements = SharedValues<ResourceRequirements>.Of(resourceRequirements);
}

/// <summary>What a task needs of a machine.</summary>
[ProtoContract]
public sealed record ResourceRequirements
{
    /// <summary>No special needs.</summary>
    public static readonly ResourceRequirements None = new();

    /// <summary>Whether the task needs a GPU.</summary>
    [ProtoMember(1)] public bool GpuRequired { get; init; }

    /// <summary>Main memory in GiB, 0 or more.</summary>
    [ProtoMember(2)] public double MemoryGb { get; init; }

    /// <summary>Disk space in GiB, 0 or more.</summary>
    [ProtoMember(3)] public double DiskGb { get; init; }
}
