using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Asks a worker's entity whether the worker can still run tasks pinned to it, whose retry delays are over. It replies only if not, with
/// <see cref="PinsRefused"/>. If a message is lost, the pins expire.
/// </summary>
[ProtoContract(Name = "pins-due")]
public sealed record PinsDue : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    [ProtoMember(2)] public required int Partition { get; init; }
    [ProtoMember(4)] public ImmutableArray<PinnedTask> Pins { get; init; } = [];
}

/// <summary>A pinned task, with what a worker needs to run it.</summary>
[ProtoContract]
public sealed record PinnedTask
{
    [ProtoMember(1)] public required TaskId TaskId { get; init; }
    [ProtoMember(2)] public required QueueName Queue { get; init; }
    [ProtoMember(3)] public string? ContentType { get; init; }
    [ProtoMember(4)] public ResourceRequirements ResourceRequirements { get; init; } = new();
}

/// <summary>A worker cannot run tasks that are pinned to it, so other workers may lease them at once.</summary>
[ProtoContract(Name = "pins-refused")]
public sealed record PinsRefused : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
    [ProtoMember(4)] public ImmutableArray<RefusedPin> Pins { get; init; } = [];
}

/// <summary>A pinned task that its worker cannot run.</summary>
[ProtoContract]
public sealed record RefusedPin
{
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Why, such as "gpu-1 is draining".</summary>
    [ProtoMember(2)] public required string Because { get; init; }
}
