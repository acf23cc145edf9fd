using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues.Ready;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Explains why a task does not run, with the rules that grant leases: <see cref="Eligibility"/>, the view of the fleet, the index of ready
/// tasks and its order.
/// </summary>
public static class WaitReasons
{
    /// <summary>How many kinds of capable workers are asked for the length of their line.</summary>
    private const int MostLines = 4;

    /// <summary>Explains a task.</summary>
    /// <param name="state">The queues.</param>
    /// <param name="task">The task.</param>
    /// <param name="fleet">The fleet.</param>
    /// <param name="isFleetKnown">Whether the view of the fleet is complete.</param>
    /// <param name="settings">The queues' settings.</param>
    public static TaskWaiting Of(QueueState state, TaskRecord task, FleetView fleet, bool isFleetKnown, QueueSettings settings)
    {
        var waiting = new TaskWaiting { Sentence = "" };
        if (state.Controls.ReasonToWait(task) is { } paused)
        {
            return waiting with { Reason = WaitReason.QueuePaused, Sentence = $"The task waits because {paused}." };
        }

        return task.State switch
        {
            TaskState.Queued when task.PinnedTo is { } worker => waiting with
            {
                Reason = WaitReason.Pinned,
                Until = task.PinnedUntil,
                WorkerId = worker,
                Sentence = $"The task waits for {worker}, the only worker that may lease it until {At(task.PinnedUntil)}.",
            },
            TaskState.Queued => InQueue(waiting, state, task, fleet, isFleetKnown, settings),
            TaskState.Delayed => waiting with
            {
                Reason = WaitReason.Backoff,
                Until = task.NotBefore,
                WorkerId = task.PinnedTo,
                Sentence = $"The task waits for its retry delay in {task.Queue} until {At(task.NotBefore)}.",
            },
            TaskState.Deciding => waiting with
            {
                Reason = WaitReason.Deciding,
                Sentence = $"The task waits for the failover decision about a {WireName.Of(task.Pending!.FailureType)}.",
            },
            TaskState.Parked => waiting with
            {
                Reason = WaitReason.Parked,
                Sentence = $"The task is parked until an operator requeues or cancels it: {task.ParkedBecause}.",
            },
            TaskState.Leased when task.Lease is { Loss: { } loss } lost => waiting with
            {
                WorkerId = lost.WorkerId,
                Until = EndOf(lost, loss),
                Sentence = $"The task stays with {lost.WorkerId}, which is lost, until {At(EndOf(lost, loss))}: {loss.Reason}.",
            },
            TaskState.Leased => waiting with
            {
                WorkerId = task.Lease!.WorkerId,
                Sentence = $"The task does not wait: {task.Lease.WorkerId} has held it since {At(task.Lease.GrantedAt)}.",
            },
            TaskState.Succeeded => waiting with { Sentence = $"The task does not wait: it succeeded at {At(task.FinishedAt)}." },
            TaskState.Cancelled => waiting with { Sentence = $"The task does not wait: it was cancelled at {At(task.FinishedAt)}." },
            _ => throw new ArgumentOutOfRangeException(nameof(task), task.State, "Unknown task state."),
        };
    }

    private static DateTimeOffset EndOf(TaskLease lease, PendingLoss loss) => lease.Deadline < loss.EndsAt ? lease.Deadline : loss.EndsAt;

    private static TaskWaiting InQueue(
        TaskWaiting waiting, QueueState state, TaskRecord task, FleetView fleet, bool isFleetKnown, QueueSettings settings)
    {
        if (settings.Find(task.Queue) is not { } queue)
        {
            return waiting with
            {
                Reason = WaitReason.UndefinedQueue,
                Sentence = $"The owner of the task does not define the queue {task.Queue}, so no worker gets the task.",
            };
        }

        if (!isFleetKnown)
        {
            return waiting with
            {
                Reason = WaitReason.WorkersUnknown,
                Sentence = $"The owner of the task has just started and does not know the workers of {task.Queue} yet.",
            };
        }

        var (contentType, needs) = (task.Submission.ContentType, task.Submission.ResourceRequirements);
        var capable = fleet.LiveCapable(queue, contentType, needs).ToList();
        var (ready, live) = (capable.Sum(profile => profile.Ready), capable.Sum(profile => profile.Live));
        waiting = waiting with { CapableWorkers = ready, UnavailableWorkers = live - ready };
        return ready > 0
            ? InLine(waiting, state, task, capable)
            : WithMove(WithoutWorker(waiting, task, queue, fleet, capable), state, task, queue, fleet, settings);
    }

    private static TaskWaiting WithoutWorker(
        TaskWaiting waiting, TaskRecord task, QueueDefinition queue, FleetView fleet, List<ProfileCount> capable)
    {
        if (capable.Count > 0)
        {
            var obstacles = capable.Aggregate(new UnavailableWorkers(), (all, profile) => all.Plus(profile.Unavailable)).InWords();
            return waiting with
            {
                Reason = WaitReason.WorkersUnavailable,
                Sentence = $"Every worker of {queue.Name} that can run the task is unavailable ({obstacles}).",
            };
        }

        if (fleet.LiveServing(queue) == 0)
        {
            return waiting with { Reason = WaitReason.UnservedQueue, Sentence = $"No live worker serves {queue.Name}." };
        }

        var miss = fleet.NearestMiss(queue, task.Submission.ContentType, task.Submission.ResourceRequirements);
        return waiting with
        {
            Reason = WaitReason.NoCapableWorker,
            NearestMiss = miss,
            Sentence = $"No worker of {queue.Name} can run the task; nearest: {miss}.",
        };
    }

    /// <summary>Adds where an unserved task goes, by the rule that moves it.</summary>
    private static TaskWaiting WithMove(
        TaskWaiting waiting, QueueState state, TaskRecord task, QueueDefinition queue, FleetView fleet, QueueSettings settings)
    {
        if (UnservedTasks.NextServing(task, state, fleet, settings) is not { } next)
        {
            return waiting;
        }

        var at = task.QueuedSince + settings.UnservedAfterOf(queue);
        return waiting with
        {
            MovesTo = next.Name,
            MovesAt = at,
            Sentence = $"{waiting.Sentence[..^1]}; unless that changes, the task moves to {next.Name} after {At(at)}.",
        };
    }

    private static TaskWaiting InLine(TaskWaiting waiting, QueueState state, TaskRecord task, List<ProfileCount> capable)
    {
        var (higher, older) = capable
            .Where(profile => profile.Ready > 0)
            .OrderByDescending(profile => profile.Ready)
            .Take(MostLines)
            .Select(profile => Ahead(state, task, profile.Profile))
            .MinBy(line => line.Higher + line.Older);
        var workers = $"up to {Counted.Of(waiting.CapableWorkers!.Value, "available worker")} can run it";
        return higher + older == 0
            ? waiting with
            {
                Reason = WaitReason.WorkersBusy,
                Sentence = $"The task is next in {task.Queue}, but no worker that can run it has room for more or asks for it ({workers}).",
            }
            : waiting with
            {
                Reason = WaitReason.Behind,
                HigherPriorityAhead = higher,
                OlderAhead = older,
                Sentence = $"The task is behind {InWords(higher, older)} in {task.Queue} ({workers}).",
            };
    }

    /// <summary>The tasks of the queue that a worker of this profile would get before the task.</summary>
    private static (int Higher, int Older) Ahead(QueueState state, TaskRecord task, WorkerProfile profile)
    {
        var trees = new List<NeedTree<ReadyTask>>();
        state.Ready.CollectTrees(task.Queue, profile, caller: null, trees);
        var (own, front) = (ReadyTask.Of(task), ReadyTask.FrontOf(task.Priority));
        var higher = trees.Sum(tree => tree.CountBefore(front, profile.DiskGb));
        return (higher, trees.Sum(tree => tree.CountBefore(own, profile.DiskGb)) - higher);
    }

    private static string InWords(int higher, int older) => (higher, older) switch
    {
        (0, _) => Counted.Of(older, "older task"),
        (_, 0) => $"{Counted.Of(higher, "task")} of higher priority",
        _ => $"{Counted.Of(higher, "task")} of higher priority and {Counted.Of(older, "older task")}",
    };

    private static string At(DateTimeOffset? time) =>
        time is { } at ? at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture) : "now";
}
