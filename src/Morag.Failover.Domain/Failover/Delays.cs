using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover;

/// <summary>How long a task waits before it may be leased again: base x 2^(n-1), capped, plus jitter.</summary>
internal static class Delays
{
    /// <summary>The delay of a choice, without jitter.</summary>
    public static TimeSpan Of(Choice choice, TaskPast task, PolicySettings settings) => choice.Strategy switch
    {
        FailoverStrategy.RetrySameWorker => Doubled(choice.FirstDelay, task.SameWorkerRetries, settings.MaxDelay),

        // The first reassignment is at once, the second waits for the base.
        FailoverStrategy.ReassignSameQueue or FailoverStrategy.CircuitBreaker => task.Reassignments == 0
            ? TimeSpan.Zero
            : Doubled(settings.ReassignDelay, task.Reassignments - 1, settings.MaxDelay),
        _ => TimeSpan.Zero,
    };

    /// <summary>The delay with its jitter, from a draw of 0 to below 1.</summary>
    public static TimeSpan WithJitter(TimeSpan delay, double draw, PolicySettings settings) => delay + (delay * settings.Jitter * draw);

    private static TimeSpan Doubled(TimeSpan first, int times, TimeSpan cap)
    {
        var seconds = first.TotalSeconds * Math.Pow(2, times);
        return seconds < cap.TotalSeconds ? TimeSpan.FromSeconds(seconds) : cap;
    }
}
