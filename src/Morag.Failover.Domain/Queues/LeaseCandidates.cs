using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// The tasks that one worker can take, in the order it gets them: queue by queue in turn, by weight; inside a queue by priority and
/// age, over all lanes that fit the worker and the tasks that are pinned to it.
/// </summary>
internal sealed class LeaseCandidates
{
    private readonly List<ServedQueue> queues;
    private TurnTaking turns;

    private LeaseCandidates(List<ServedQueue> queues, TurnTaking turns)
    {
        this.queues = queues;
        this.turns = turns;
    }

    /// <summary>A task, the queue it comes from, and what it costs that queue's turn.</summary>
    public readonly record struct Candidate(TaskId TaskId, QueueDefinition Queue, double Cost);

    /// <summary>The candidates for a request; null where there is none.</summary>
    public static LeaseCandidates? For(QueueState state, WorkerShare share, GrantLeases request, FleetView fleet, FailoverSettings settings)
    {
        List<ServedQueue>? queues = null;
        foreach (var room in request.Queues)
        {
            var definition = settings.Queues.Find(room.Queue);
            if (definition is null || !Eligibility.Serves(request.Profile, definition))
            {
                continue;
            }

            var free = room.Cap - room.HeldElsewhere - HeldFrom(share, room.Queue);
            if (free > 0)
            {
                (queues ??= []).Add(new ServedQueue(definition, free));
            }
        }

        if (queues is null)
        {
            return null;
        }

        foreach (var (lane, waiting) in state.Ready)
        {
            if (Find(queues, lane.Queue) is { } queue && Eligibility.Meets(request.Profile, lane.ContentType, lane.Needs))
            {
                queue.Add(Takable(waiting, lane, queue.Definition, request.WorkerId, fleet, settings).GetEnumerator());
            }
        }

        foreach (var pinned in share.Pinned)
        {
            var lane = Lane.Of(state.Tasks[pinned.TaskId]);
            if (Find(queues, lane.Queue) is { } queue && Eligibility.Meets(request.Profile, lane.ContentType, lane.Needs))
            {
                queue.Add(One(pinned));
            }
        }

        return new LeaseCandidates(queues, share.Turns);
    }

    /// <summary>The next task; null where nothing is left.</summary>
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

        return new Candidate(first.Take().TaskId, first.Definition, cost);
    }

    /// <summary>
    /// A lane without the tasks that should avoid this worker, unless no other can take them. As they are few (each is a failure of this
    /// worker), stepping over them is cheap.
    /// </summary>
    private static IEnumerable<ReadyTask> Takable(
        ImmutableSortedSet<ReadyTask> waiting, Lane lane, QueueDefinition queue, WorkerId worker, FleetView fleet, FailoverSettings settings)
    {
        bool? othersCan = null;
        foreach (var task in waiting)
        {
            if (task.Avoid == worker)
            {
                othersCan ??= !fleet.IsComplete(settings.Partitions.DirectoryBuckets) || fleet.AnyReady(queue, lane.ContentType, lane.Needs, except: worker);
                if (othersCan.Value)
                {
                    continue;
                }
            }

            yield return task;
        }
    }

    private static IEnumerator<ReadyTask> One(ReadyTask task)
    {
        yield return task;
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

    /// <summary>The tasks of one queue, merged from its lanes by their place.</summary>
    private sealed class ServedQueue(QueueDefinition definition, int free)
    {
        private readonly PriorityQueue<IEnumerator<ReadyTask>, ReadyTask> sources = new(ReadyTask.ByPlace);
        private int left = free;

        public QueueDefinition Definition => definition;

        public bool HasNext => left > 0 && sources.Count > 0;

        public void Add(IEnumerator<ReadyTask> source)
        {
            if (source.MoveNext())
            {
                sources.Enqueue(source, source.Current);
            }
        }

        public ReadyTask Take()
        {
            var source = sources.Dequeue();
            var task = source.Current;
            left--;
            Add(source);
            return task;
        }
    }
}
