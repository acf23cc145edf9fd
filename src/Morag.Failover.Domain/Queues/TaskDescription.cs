using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>Where a task is, in words for people.</summary>
internal static class TaskDescription
{
    public static string Of(TaskRecord task) => task.State switch
    {
        TaskState.Queued => $"task {task.TaskId} is queued in {task.Queue}",
        TaskState.Delayed => $"task {task.TaskId} waits in {task.Queue} until {task.NotBefore:u}",
        TaskState.Leased => $"task {task.TaskId} is leased to {task.Lease!.WorkerId} with epoch {task.Lease.Epoch}",
        TaskState.Deciding => $"the lease of task {task.TaskId} ended, and its decision is under way",
        TaskState.Succeeded => $"task {task.TaskId} has succeeded",
        TaskState.Parked => $"task {task.TaskId} is parked",
        _ => $"task {task.TaskId} was cancelled",
    };

    public static string WhyNotHeld(TaskRecord task, WorkerId worker, LeaseEpoch epoch) =>
        $"{worker} does not hold epoch {epoch}: {Of(task)}";
}
