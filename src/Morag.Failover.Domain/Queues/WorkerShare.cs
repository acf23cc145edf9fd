using Morag.Failover.Domain.Queues.Ready;

namespace Morag.Failover.Domain.Queues;

/// <summary>A lease that a worker holds.</summary>
public readonly record struct HeldTask(TaskId TaskId, QueueName Queue, RequestId? RequestId, InstanceId? InstanceId);

/// <summary>What a queue partition keeps about one worker.</summary>
public sealed record WorkerShare
{
    /// <summary>The most fenced instances kept. Older ones are long gone.</summary>
    private const int FencedInstancesKept = 8;

    /// <summary>A worker that the partition knows nothing about.</summary>
    public static readonly WorkerShare Empty = new();

    /// <summary>The leases it holds, in the order in which they were granted.</summary>
    public ImmutableSortedDictionary<LeaseEpoch, HeldTask> Held { get; init; } = ImmutableSortedDictionary<LeaseEpoch, HeldTask>.Empty;

    /// <summary>Tasks that are pinned to the worker.</summary>
    public ReadyIndex Pinned { get; init; } = ReadyIndex.Empty;

    /// <summary>Tasks that avoid the worker: it gets them only if no other worker can run them.</summary>
    public ImmutableSortedSet<ReadyTask> Avoiding { get; init; } = ReadyTask.None;

    /// <summary>The number of the newest fence.</summary>
    public long LastFence { get; init; }

    /// <summary>The instances that get no leases, oldest first.</summary>
    public ImmutableArray<InstanceId> FencedInstances { get; init; } = [];

    /// <summary>Outcomes that the worker's entity has not acknowledged.</summary>
    public Outbox Outbox { get; init; } = Outbox.Empty;

    /// <summary>Whose turn it is among the worker's queues.</summary>
    public FairTurns Turns { get; init; } = FairTurns.Start;

    /// <summary>Whether an instance gets no leases.</summary>
    public bool IsFenced(InstanceId? instance) => instance is { } id && FencedInstances.Contains(id);

    /// <summary>Fences an instance.</summary>
    public WorkerShare WithFenced(InstanceId? instance)
    {
        if (instance is not { } id || FencedInstances.Contains(id))
        {
            return this;
        }

        var room = FencedInstances.Length < FencedInstancesKept ? FencedInstances : FencedInstances.RemoveAt(0);
        return this with { FencedInstances = room.Add(id) };
    }

    /// <summary>Lifts the fence of an instance; null lifts all.</summary>
    public WorkerShare WithLifted(InstanceId? instance) =>
        this with { FencedInstances = instance is { } id ? FencedInstances.Remove(id) : [] };
}
