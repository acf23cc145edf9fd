using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Dashboard;

/// <summary>How states are coloured: <c>good</c>, <c>busy</c>, <c>warn</c>, <c>bad</c> or <c>off</c>.</summary>
public static class Tones
{
    /// <summary>The tone of a task's state.</summary>
    public static string Of(TaskState state) => state switch
    {
        TaskState.Queued or TaskState.Delayed => "off",
        TaskState.Leased => "busy",
        TaskState.Deciding => "warn",
        TaskState.Succeeded => "good",
        TaskState.Parked => "bad",
        TaskState.Cancelled => "off",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "There is no such state."),
    };

    /// <summary>The tone of a worker's liveness.</summary>
    public static string Of(Liveness liveness) => liveness switch
    {
        Liveness.Alive => "good",
        Liveness.Suspect => "warn",
        Liveness.Offline => "bad",
        _ => throw new ArgumentOutOfRangeException(nameof(liveness), liveness, "There is no such liveness."),
    };

    /// <summary>The tone of a breaker.</summary>
    public static string Of(BreakerState state) => state switch
    {
        BreakerState.Closed => "good",
        BreakerState.HalfOpen => "warn",
        BreakerState.Open => "bad",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "There is no such state."),
    };
}
