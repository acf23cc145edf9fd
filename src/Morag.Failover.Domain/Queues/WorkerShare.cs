using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues.Ready;

namespace Morag.Failover.Domain.Queues;

/// <summary>A lease that a worker holds.</summary>
public readonly record struct HeldTask(TaskId TaskId, QueueName Queue, RequestId? RequestId, InstanceId? InstanceId);

/// <summary>What a queue partition keeps of one worker.</summary>
public sealed record WorkerShare
{
    /// <summary>More instances than this are not remembered as fenced: the oldest are long gone.</summary>
    private const int FencedInstancesKept = 8;

    /// <summary>A worker of which nothing is known.</summary>
    public static readonly WorkerShare Empty = new();

    /// <summary>The leases it holds, in the order they were granted.</summary>
    public ImmutableSortedDictionary<LeaseEpoch, HeldTask> Held { get; init; } = ImmutableSortedDictionary<LeaseEpoch, HeldTask>.Empty;

    /// <summary>Tasks that only it may take for now.</summary>
    public ReadyIndex Pinned { get; init; } = ReadyIndex.Empty;

    /// <summary>Tasks that any worker may take, but it only where no other can.</summary>
    public ImmutableSortedSet<ReadyTask> Avoiding { get; init; } = ReadyTask.None;

    /// <summary>The last fence taken.</summary>
    public long LastFence { get; init; }

    /// <summary>The instances that get no leases, oldest first.</summary>
    public ImmutableArray<InstanceId> FencedInstances { get; init; } = [];

    /// <summary>The outcomes that its entity is owed.</summary>
    public Outbox Outbox { get; init; } = Outbox.Empty;

    /// <summary>Whose turn it is between the queues that it serves.</summary>
    public FairTurns Turns { get; init; } = FairTurns.Start;

    /// <summary>Whether an instance gets no leases.</summary>
    public bool IsFenced(InstanceId? instance) => instance is { } id && FencedInstances.Contains(id);

    /// <summary>The share with a fence put up.</summary>
    public WorkerShare WithFenced(InstanceId? instance)
    {
        if (instance is not { } id || FencedInstances.Contains(id))
        {
            return this;
        }

        var room = FencedInstances.Length < FencedInstancesKept ? FencedInstances : FencedInstances.RemoveAt(0);
        return this with { FencedInstances = room.Add(id) };
    }

    /// <summary>The share with fences taken down; null takes down all.</summary>
    public WorkerShare WithLifted(InstanceId? instance) =>
        this with { FencedInstances = instance is { } id ? FencedInstances.Remove(id) : [] };
}
