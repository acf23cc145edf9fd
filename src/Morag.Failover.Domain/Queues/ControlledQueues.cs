using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// What operators changed about queues while the cluster runs. Partition <see cref="QueueControlReport.OwnerPartition"/> owns it; every
/// other partition stores a copy, so that a paused queue stays paused while the owner is down.
/// </summary>
public sealed record ControlledQueues
{
    /// <summary>No queue is controlled.</summary>
    public static readonly ControlledQueues None = new();

    /// <summary>The number of changes so far. A copy with a higher number is newer.</summary>
    public long Revision { get; init; }

    /// <summary>The queues that are paused or have limits of their own, by name.</summary>
    public ImmutableArray<QueueControl> Queues { get; init; } = [];

    /// <summary>What an operator changed about a queue; null if nothing.</summary>
    public QueueControl? Find(QueueName queue)
    {
        foreach (var control in Queues)
        {
            if (control.Queue == queue)
            {
                return control;
            }
        }

        return null;
    }

    /// <summary>Who paused a queue, when and why; null if it is not paused.</summary>
    public OperatorChange? PauseOf(QueueName queue) => Find(queue)?.Pause;

    /// <summary>How many tasks of a queue a worker may hold, whose entity knows only the configured limit.</summary>
    public int CapOf(QueueRoom room) => Find(room.Queue)?.Limits.PerWorker ?? room.Cap;

    /// <summary>Why a queued task is not leased although workers may be free; null if its queue is not paused.</summary>
    public string? ReasonToWait(TaskRecord task) =>
        task.State == TaskState.Queued && PauseOf(task.Queue) is { } pause
            ? $"the queue {task.Queue} is paused{(pause.By == OperatorChange.Nobody ? "" : $" by {pause.By}")}: {pause.Reason}"
            : null;

    /// <summary>The limits in force: those of the operators, and the configured ones elsewhere.</summary>
    public QueueSettings ApplyTo(QueueSettings configured) => Queues.IsEmpty
        ? configured
        : configured with { Definitions = [.. configured.Definitions.Select(queue => ApplyTo(queue))] };

    /// <summary>The controls after a change of one queue.</summary>
    public ImmutableArray<QueueControl> With(QueueControl changed)
    {
        var others = Queues.RemoveAll(control => control.Queue == changed.Queue);
        return changed is { Pause: null, LimitsChanged: null }
            ? others
            : [.. others.Add(changed).OrderBy(control => control.Queue.Value, StringComparer.Ordinal)];
    }

    private QueueDefinition ApplyTo(QueueDefinition queue) => Find(queue.Name)?.Limits is not { } limits
        ? queue
        : queue with
        {
            PerWorker = limits.PerWorker ?? queue.PerWorker,
            Weight = limits.Weight ?? queue.Weight,
            Timeout = limits.TimeoutSeconds is { } timeout ? TimeSpan.FromSeconds(timeout) : queue.Timeout,
            UnservedAfter = limits.UnservedAfterSeconds is { } unserved ? TimeSpan.FromSeconds(unserved) : queue.UnservedAfter,
        };
}

/// <summary>What operators changed about one queue.</summary>
[ProtoContract]
public sealed record QueueControl
{
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>Who paused it, when and why; null if it is not paused.</summary>
    [ProtoMember(2)] public OperatorChange? Pause { get; init; }

    /// <summary>The limits that take precedence over the configuration.</summary>
    [ProtoMember(3)] public QueueLimits Limits { get; init; } = new();

    /// <summary>Who changed the limits last, when and why; null if all follow the configuration.</summary>
    [ProtoMember(4)] public OperatorChange? LimitsChanged { get; init; }
}
