using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues.Ready;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// The tasks that one worker can run, in the order in which it gets them: its queues take turns by weight; within a queue, tasks are
/// ordered by priority and age, whether they are pinned to the worker or free for any.
/// </summary>
internal sealed class LeaseCandidates
{
    /// <summary>How many of the tasks that avoid the worker are examined in one call.</summary>
    private const int MostAvoidingExamined = 256;

    /// <summary>How many tasks reserved for other workers are skipped in one call. Beyond that, reservations are ignored.</summary>
    private const int MostReservedSkipped = 64;

    private readonly List<ServedQueue> queues;
    private FairTurns turns;

    private LeaseCandidates(List<ServedQueue> queues, FairTurns turns)
    {
        this.queues = queues;
        this.turns = turns;
    }

    /// <summary>A task, its queue, and what it costs in <see cref="FairTurns"/>.</summary>
    public readonly record struct Candidate(TaskId TaskId, QueueDefinition Queue, double Cost);

    /// <summary>The candidates for a request; null if there are none.</summary>
    public static LeaseCandidates? For(
        QueueState state,
        WorkerShare share,
        GrantLeases request,
        FleetView fleet,
        FailoverSettings settings,
        Func<TaskId, bool>? isReserved)
    {
        List<ServedQueue>? queues = null;
        foreach (var room in request.Queues)
        {
            var definition = settings.Queues.Find(room.Queue);
            if (definition is null
                || !Eligibility.Serves(request.Profile, definition)
                || state.Controls.PauseOf(room.Queue) is not null)
            {
                continue;
            }

            var free = state.Controls.CapOf(room) - room.HeldElsewhere - HeldFrom(share, room.Queue);
            if (free > 0)
            {
                (queues ??= []).Add(new ServedQueue(definition, free, isReserved));
            }
        }

        if (queues is null)
        {
            return null;
        }

        var trees = new List<NeedTree<ReadyTask>>();
        foreach (var queue in queues)
        {
            var worker = request.WorkerId.Value;
            state.Ready.CollectTrees(queue.Definition.Name, request.Profile, worker, trees);
            trees.ForEach(tree => queue.Add(new Source(tree, request.Profile.DiskGb, worker)));
            trees.Clear();
            share.Pinned.CollectTrees(queue.Definition.Name, request.Profile, caller: null, trees);
            trees.ForEach(tree => queue.Add(new Source(tree, request.Profile.DiskGb, Caller: null)));
            trees.Clear();
        }

        AddAvoidedTasks(queues, state, share, request, fleet, settings);
        return new LeaseCandidates(queues, share.Turns);
    }

    /// <summary>Removes and returns the next task; null if none is left.</summary>
    public Candidate? Next()
    {
        ServedQueue? first = null;
        var firstTurn = double.PositiveInfinity;
        foreach (var queue in queues)
        {
            if (!queue.HasNext)
            {
                continue;
            }

            var turn = turns.TurnOf(queue.Definition.Name);
            if (first is null || turn < firstTurn || (turn == firstTurn && queue.Definition.Weight > first.Definition.Weight))
            {
                first = queue;
                firstTurn = turn;
            }
        }

        if (first is null)
        {
            return null;
        }

        var cost = queues.Count > 1 ? 1 / first.Definition.Weight : 0;
        if (cost > 0)
        {
            turns = turns.Served(first.Definition.Name, cost);
        }

        return new Candidate(first.RemoveNext().TaskId, first.Definition, cost);
    }

    /// <summary>
    /// A worker gets a task that avoids it only if no other ready worker can run it. These are the tasks that failed on it. Only the first
    /// ones are examined; the rest follow once those are gone.
    /// </summary>
    private static void AddAvoidedTasks(
        List<ServedQueue> queues, QueueState state, WorkerShare share, GrantLeases request, FleetView fleet, FailoverSettings settings)
    {
        if (share.Avoiding.IsEmpty || !fleet.IsComplete(settings.Partitions.DirectoryBuckets))
        {
            return;
        }

        foreach (var ready in share.Avoiding.Take(MostAvoidingExamined))
        {
            var task = state.Tasks[ready.TaskId];
            var needs = task.Submission.ResourceRequirements;
            if (Find(queues, task.Queue) is { } queue
                && Eligibility.Meets(request.Profile, task.Submission.ContentType, needs)
                && !fleet.AnyReady(queue.Definition, task.Submission.ContentType, needs, except: request.WorkerId))
            {
                queue.Add(new Source(NeedTree.Of(ready), request.Profile.DiskGb, Caller: null));
            }
        }
    }

    private static int HeldFrom(WorkerShare share, QueueName queue)
    {
        var held = 0;
        foreach (var (_, task) in share.Held)
        {
            if (task.Queue == queue)
            {
                held++;
            }
        }

        return held;
    }

    private static ServedQueue? Find(List<ServedQueue> queues, QueueName name)
    {
        foreach (var queue in queues)
        {
            if (queue.Definition.Name == name)
            {
                return queue;
            }
        }

        return null;
    }

    /// <summary>A tree of tasks, and what the worker offers there.</summary>
    private readonly record struct Source(NeedTree<ReadyTask> Tree, double DiskGb, string? Caller);

    /// <summary>The tasks of one queue, merged from several trees in their order.</summary>
    private sealed class ServedQueue(QueueDefinition definition, int free, Func<TaskId, bool>? isReserved)
    {
        private readonly PriorityQueue<Source, ReadyTask> sources = new(ReadyTask.None.KeyComparer);
        private int left = free;
        private int skipped;

        public QueueDefinition Definition => definition;

        public bool HasNext => left > 0 && sources.Count > 0;

        public void Add(Source source)
        {
            if (source.Tree.TryFirst(source.DiskGb, source.Caller, out var first))
            {
                Enqueue(source, first);
            }
        }

        public ReadyTask RemoveNext()
        {
            sources.TryDequeue(out var source, out var task);
            left--;
            if (source.Tree.TryAfter(task, source.DiskGb, source.Caller, out var next))
            {
                Enqueue(source, next);
            }

            return task;
        }

        private void Enqueue(Source source, ReadyTask task)
        {
            while (isReserved?.Invoke(task.TaskId) == true && skipped++ < MostReservedSkipped)
            {
                if (!source.Tree.TryAfter(task, source.DiskGb, source.Caller, out task))
                {
                    return;
                }
            }

            sources.Enqueue(source, task);
        }
    }
}
