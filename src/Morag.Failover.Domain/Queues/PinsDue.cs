using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// The retry delays of tasks that are pinned to a worker are over: may it take them now? Answers, only for those that it may not take,
/// with <see cref="PinsRefused"/>. If either message is lost, the pins lapse in time.
/// </summary>
[ProtoContract(Name = "pins-due")]
public sealed record PinsDue : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The partition that holds the tasks.</summary>
    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>The pinned tasks.</summary>
    [ProtoMember(4)] public ImmutableArray<PinnedTask> Pins { get; init; } = [];
}

/// <summary>A pinned task, with what a worker needs in order to take it.</summary>
[ProtoContract]
public sealed record PinnedTask
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Its queue.</summary>
    [ProtoMember(2)] public required QueueName Queue { get; init; }

    /// <summary>Its content type.</summary>
    [ProtoMember(3)] public string? ContentType { get; init; }

    /// <summary>What it needs of a machine.</summary>
    [ProtoMember(4)] public ResourceRequirements ResourceRequirements { get; init; } = new();
}

/// <summary>A worker may not take tasks that are pinned to it: other workers may lease them at once.</summary>
[ProtoContract(Name = "pins-refused")]
public sealed record PinsRefused : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The tasks that it may not take.</summary>
    [ProtoMember(4)] public ImmutableArray<RefusedPin> Pins { get; init; } = [];
}

/// <summary>A pinned task that its worker may not take.</summary>
[ProtoContract]
public sealed record RefusedPin
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Why, such as "gpu-1 is draining" or "gpu-1 has 4 GiB of memory, and the task needs 8".</summary>
    [ProtoMember(2)] public required string Because { get; init; }
}
