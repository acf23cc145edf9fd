using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues.Ready;

namespace Morag.Failover.Domain.Queues;

/// <summary>Finds how long tasks have waited in their queues, without reading all of them.</summary>
public static class OldestTasks
{
    /// <summary>
    /// The most requeued tasks to look at for each kind of task and priority. If more of them are in front, an older wait may be missed.
    /// </summary>
    private const int MostRequeued = 1_000;

    private static readonly TaskPriority[] Priorities = Enum.GetValues<TaskPriority>();

    /// <summary>
    /// When the longest present wait of a queued task began, for each queue in which one waits. Tasks that are pinned to a worker do not
    /// count.
    /// </summary>
    public static Dictionary<QueueName, DateTimeOffset> Of(QueueState state)
    {
        var oldest = new Dictionary<QueueName, DateTimeOffset>();
        foreach (var (kind, tasks) in state.Ready.Kinds)
        {
            foreach (var @class in tasks.Classes)
            {
                foreach (var priority in Priorities)
                {
                    if (OldestOf(state.Tasks, @class.Tree, priority) is { } since
                        && !(oldest.TryGetValue(kind.Queue, out var known) && known <= since))
                    {
                        oldest[kind.Queue] = since;
                    }
                }
            }
        }

        return oldest;
    }

    /// <summary>
    /// Tasks of one priority are in the order of their submissions. A task that is queued for the first time has waited since its
    /// submission, so no task behind it has waited longer, requeued or not.
    /// </summary>
    private static DateTimeOffset? OldestOf(TaskTable tasks, NeedTree<ReadyTask> tree, TaskPriority priority)
    {
        DateTimeOffset? oldest = null;
        var place = ReadyTask.FrontOf(priority);
        for (var requeued = 0; requeued < MostRequeued; requeued++)
        {
            if (!tree.TryAfter(place, double.PositiveInfinity, caller: null, out place) || place.Priority != priority)
            {
                return oldest;
            }

            var task = tasks[place.TaskId];
            oldest = oldest < task.QueuedSince ? oldest : task.QueuedSince;
            if (task.QueuedSince == task.SubmittedAt)
            {
                return oldest;
            }
        }

        return oldest;
    }
}
