using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>Counts the tasks of one queue: those in each state now, and exact sums over all tasks ever.</summary>
public sealed record QueueCounters
{
    public static readonly QueueCounters Zero = new();

    public int Queued { get; init; }
    public int Delayed { get; init; }
    public int Leased { get; init; }
    public int Deciding { get; init; }
    public int Parked { get; init; }

    /// <summary>Completions ever.</summary>
    public long Completed { get; init; }

    /// <summary>Cancellations ever.</summary>
    public long Cancelled { get; init; }

    /// <summary>Tasks ever leased.</summary>
    public long FirstLeases { get; init; }

    /// <summary>The time from submission to first lease, summed over <see cref="FirstLeases"/>.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>The time from lease to accepted completion, summed over <see cref="Completed"/>.</summary>
    public TimeSpan Processed { get; init; }

    /// <summary>Tasks that have not finished.</summary>
    public int Unfinished => Queued + Delayed + Leased + Deciding + Parked;

    public QueueCounters Move(TaskState state, int by) => state switch
    {
        TaskState.Queued => this with { Queued = Queued + by },
        TaskState.Delayed => this with { Delayed = Delayed + by },
        TaskState.Leased => this with { Leased = Leased + by },
        TaskState.Deciding => this with { Deciding = Deciding + by },
        TaskState.Parked => this with { Parked = Parked + by },
        TaskState.Succeeded or TaskState.Cancelled => this,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Unknown task state."),
    };
}
