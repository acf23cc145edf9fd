namespace Morag.Failover.Domain.Queues;

/// <summary>Tells from an event which tasks begin to wait for a failover decision, and which no longer do.</summary>
public static class PendingDecisions
{
    /// <summary>The tasks whose failures the coordinator must decide.</summary>
    public static IEnumerable<TaskId> StartedBy(IStoredEvent @event) => @event switch
    {
        LeasesEnded ended => ended.Leases.Select(lease => lease.TaskId),
        InstanceFenced fenced => fenced.Ended.Select(lease => lease.TaskId),
        TasksWentUnserved unserved => unserved.Tasks.Select(task => task.TaskId),
        _ => [],
    };

    /// <summary>The tasks that need no decision any more, including some that needed none before.</summary>
    public static IEnumerable<TaskId> EndedBy(IStoredEvent @event) => @event switch
    {
        TaskReassigned reassigned => [reassigned.TaskId],
        TasksCompleted completed => completed.Completions.Select(completion => completion.TaskId),
        TasksCancelled cancelled => cancelled.Tasks,
        _ => [],
    };
}
