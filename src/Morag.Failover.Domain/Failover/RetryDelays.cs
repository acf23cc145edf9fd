using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover;

/// <summary>How long a task waits before it may be leased again: first delay x 2^(n-1), capped, plus jitter.</summary>
internal static class RetryDelays
{
    /// <summary>The delay of a choice, without jitter.</summary>
    public static TimeSpan Of(Choice choice, TaskPast task, PolicySettings settings) => choice.Traits.Delay(choice, task, settings);

    /// <summary>The delay with its jitter, from a draw of 0 to below 1.</summary>
    public static TimeSpan WithJitter(TimeSpan delay, double draw, PolicySettings settings) => delay + (delay * settings.Jitter * draw);

    /// <summary>The first reassignment is immediate. Later ones wait for the base delay, which doubles each time.</summary>
    public static TimeSpan OfReassignment(Choice choice, TaskPast task, PolicySettings settings) => task.Reassignments == 0
        ? TimeSpan.Zero
        : Doubled(settings.ReassignDelay, task.Reassignments - 1, settings.MaxDelay);

    /// <summary>The first delay, doubled a number of times, up to the cap.</summary>
    public static TimeSpan Doubled(TimeSpan first, int times, TimeSpan cap)
    {
        var seconds = first.TotalSeconds * Math.Pow(2, times);
        return seconds < cap.TotalSeconds ? TimeSpan.FromSeconds(seconds) : cap;
    }
}
