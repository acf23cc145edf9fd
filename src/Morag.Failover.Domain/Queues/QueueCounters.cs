using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>The counts of one queue: those of its present tasks, and exact sums over all tasks ever.</summary>
public sealed record QueueCounters
{
    /// <summary>Nothing counted.</summary>
    public static readonly QueueCounters Zero = new();

    /// <summary>Queued now.</summary>
    public int Queued { get; init; }

    /// <summary>Delayed now.</summary>
    public int Delayed { get; init; }

    /// <summary>Leased now.</summary>
    public int Leased { get; init; }

    /// <summary>Deciding now.</summary>
    public int Deciding { get; init; }

    /// <summary>Parked now.</summary>
    public int Parked { get; init; }

    /// <summary>Completions ever.</summary>
    public long Completed { get; init; }

    /// <summary>Cancellations ever.</summary>
    public long Cancelled { get; init; }

    /// <summary>Tasks ever leased.</summary>
    public long FirstLeases { get; init; }

    /// <summary>Their time from submission to first lease, summed.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>The time from lease to accepted completion, summed.</summary>
    public TimeSpan Processed { get; init; }

    /// <summary>Tasks in it that have not ended.</summary>
    public int Unfinished => Queued + Delayed + Leased + Deciding + Parked;

    /// <summary>The counters with a task in, or out of, a state.</summary>
    public QueueCounters Move(TaskState state, int by) => state switch
    {
        TaskState.Queued => this with { Queued = Queued + by },
        TaskState.Delayed => this with { Delayed = Delayed + by },
        TaskState.Leased => this with { Leased = Leased + by },
        TaskState.Deciding => this with { Deciding = Deciding + by },
        TaskState.Parked => this with { Parked = Parked + by },
        _ => this,
    };
}
