namespace Morag.Failover.Domain.Nodes;

/// <summary>How late this node's own work was: the worst of each kind over the last ten seconds.</summary>
public readonly record struct NodeStrain
{
    /// <summary>The longest delay of a timer of the thread pool.</summary>
    public TimeSpan TimerLag { get; init; }

    /// <summary>The number of timer ticks that were skipped, all together.</summary>
    public int MissedTimers { get; init; }

    /// <summary>The longest delay of a message that the actor system's scheduler was to deliver.</summary>
    public TimeSpan SchedulerLag { get; init; }

    /// <summary>The longest time that garbage collection paused the process between two ticks.</summary>
    public TimeSpan GcPause { get; init; }

    /// <summary>The longest time that the journal took to store events.</summary>
    public TimeSpan JournalLatency { get; init; }

    /// <summary>The worse of two in each kind; missed timers add up.</summary>
    public NodeStrain With(NodeStrain other) => new()
    {
        TimerLag = Longer(TimerLag, other.TimerLag),
        MissedTimers = MissedTimers + other.MissedTimers,
        SchedulerLag = Longer(SchedulerLag, other.SchedulerLag),
        GcPause = Longer(GcPause, other.GcPause),
        JournalLatency = Longer(JournalLatency, other.JournalLatency),
    };

    private static TimeSpan Longer(TimeSpan left, TimeSpan right) => left > right ? left : right;
}
