using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>Describes a task's state in messages.</summary>
internal static class TaskDescription
{
    public static string Of(TaskRecord task) => task.State switch
    {
        TaskState.Queued => $"task {task.TaskId} is queued in {task.Queue}",
        TaskState.Delayed => $"task {task.TaskId} waits for its retry delay in {task.Queue} until {task.NotBefore:u}",
        TaskState.Leased => $"task {task.TaskId} is leased to {task.Lease!.WorkerId} with epoch {task.Lease.Epoch}",
        TaskState.Deciding => $"task {task.TaskId} waits for a failover decision",
        TaskState.Succeeded => $"task {task.TaskId} has succeeded",
        TaskState.Parked => $"task {task.TaskId} is parked",
        TaskState.Cancelled => $"task {task.TaskId} was cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(task), task.State, "Unknown task state."),
    };

    public static string WhyNotHeld(TaskRecord task, WorkerId worker, LeaseEpoch epoch) =>
        $"{worker} does not hold epoch {epoch}: {Of(task)}";
}
