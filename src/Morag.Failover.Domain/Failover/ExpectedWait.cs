using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// How long it should take until the task runs again: its retry delay, or longer when no worker in the fleet view is ready for it.
/// </summary>
internal static class ExpectedWait
{
    /// <summary>The wait, and what it is based on.</summary>
    public static (TimeSpan Wait, string Basis) For(Choice choice, TimeSpan delay, FailureCase failure, FailoverSettings settings)
    {
        if (choice.Traits.ParksTask)
        {
            return (TimeSpan.Zero, "waits for an operator");
        }

        var queue = (choice.TargetQueue ?? failure.Task.Queue) is { } name ? settings.Queues.Find(name) : null;
        if (queue is null
            || choice.Traits.PinsToWorker
            || !failure.Fleet.IsComplete(settings.Partitions.DirectoryBuckets))
        {
            return (delay, "retry delay");
        }

        var avoided = choice.Traits.AvoidsFailedWorker ? failure.Failure.WorkerId : null;
        if (failure.Fleet.AnyReady(queue, failure.Task.ContentType, failure.Task.Needs, avoided))
        {
            return (delay, "retry delay; a worker is ready");
        }

        var moves = settings.Queues.UnservedAfterOf(queue);
        var opens = failure is { BreakerOpen: true, Worker.Score.CircuitBreakerUntil: { } until } ? until - failure.Now : TimeSpan.MaxValue;
        if (opens <= moves && failure.Fleet.AnyLive(queue, failure.Task.ContentType, failure.Task.Needs))
        {
            return (Max(delay, opens), $"the breaker of {failure.WorkerName} is open until then, and no other worker is ready");
        }

        return !failure.BreakerOpen && failure.Fleet.AnyReady(queue, failure.Task.ContentType, failure.Task.Needs)
            ? (delay, "retry delay; no other worker is ready now")
            : (Max(delay, moves), $"no available worker can take the task from {queue.Name}; it may move to the next queue then");
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
