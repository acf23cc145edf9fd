using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Queues;

/// <summary>Leases of tasks that had failed: they end the time in which a failure kept a task from running.</summary>
internal static class TaskRecoveries
{
    /// <summary>
    /// The failure after which a lease lets the task run again; null if there is none. A failure from before the last lease has been
    /// followed by that lease. An operator's requeue forgives failures.
    /// </summary>
    public static TaskFailure? FailureBefore(TaskRecord task) =>
        task.Failures is [.., var last] && task.Forgiven < task.Failures.Length && last.At >= (task.Lease?.GrantedAt ?? default)
            ? last
            : null;

    /// <summary>The recoveries in an event.</summary>
    /// <param name="event">The event.</param>
    /// <param name="before">The state before it.</param>
    public static IEnumerable<TaskRecovered> In(IStoredEvent @event, QueueState before) => @event is TasksLeased leased
        ? from lease in leased.Leases
          let failure = FailureBefore(before.Tasks[lease.TaskId])
          where failure is not null
          select new TaskRecovered { TaskId = lease.TaskId, FailedAt = failure.At, At = leased.At }
        : [];
}
