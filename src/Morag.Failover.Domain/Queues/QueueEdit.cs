using System.Runtime.InteropServices;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues.Ready;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// One event's change of a <see cref="QueueState"/>. A task is only ever changed by <see cref="Put"/>, which moves it from the
/// index entries that its old record implies to those that the new one does: so no rule can forget an index.
/// </summary>
internal sealed class QueueEdit
{
    private readonly QueueState before;
    private readonly ImmutableSortedSet<DueEntry>.Builder leaseEnds;
    private readonly Dictionary<QueueName, QueueCounters> counters = new(1);
    private readonly Dictionary<WorkerId, WorkerShare> workers = new(1);
    private readonly Dictionary<WorkerId, List<LeaseOutcome>> owed = new(1);
    private TaskTable tasks;
    private ReadyIndex ready;
    private ImmutableArray<TaskId>.Builder? justReady;
    private ImmutableSortedSet<DueEntry>.Builder? due;
    private ImmutableSortedSet<TaskId>.Builder? deciding;
    private ImmutableQueue<TaskId> ended;
    private int endedCount;
    private long endedSize;
    private long size;

    public QueueEdit(QueueState before)
    {
        this.before = before;
        tasks = before.Tasks;
        leaseEnds = before.LeaseEnds.ToBuilder();
        ready = before.Ready;
        ended = before.Ended;
        endedCount = before.EndedCount;
        endedSize = before.EndedSize;
        size = before.Size;
        LastEpoch = before.LastEpoch;
        LastOrder = before.LastOrder;
    }

    public LeaseEpoch LastEpoch { get; set; }

    public long LastOrder { get; set; }

    public int HistoryKept => before.HistoryKept;

    /// <summary>The record of a task that must be there: an event about any other was not written by these rules.</summary>
    public TaskRecord Get(TaskId id) =>
        tasks.TryGetValue(id, out var task) ? task : throw new InvalidOperationException($"an event names task {id}, which is not known");

    public void Put(TaskRecord after)
    {
        if (tasks.TryGetValue(after.TaskId, out var old))
        {
            Leave(old);
            size -= old.Size;
            if (!old.IsEnded && after.IsEnded)
            {
                Enqueue(after);
            }
            else if (after.IsEnded)
            {
                endedSize += after.Size - old.Size;
            }
        }
        else if (after.IsEnded)
        {
            Enqueue(after);
        }

        tasks = tasks.With(after);
        size += after.Size;
        Enter(after);
    }

    /// <summary>
    /// Puts in all tasks of a state that has none. The large indexes are made at once, not task by task.
    /// </summary>
    /// <param name="restored">The tasks; those that have ended in the order they did.</param>
    /// <param name="doBoth">Does two pieces of work in any order, or at the same time: with many tasks each takes seconds.</param>
    public void PutAll(IReadOnlyCollection<TaskRecord> restored, Action<Action, Action> doBoth)
    {
        if (!before.Tasks.IsEmpty)
        {
            throw new InvalidOperationException("only a state without tasks takes all tasks at once");
        }

        var anyMayTake = new List<TaskRecord>(restored.Count);
        foreach (var task in restored)
        {
            size += task.Size;
            if (task.IsEnded)
            {
                Enqueue(task);
            }

            if (task is { State: TaskState.Queued, PinnedTo: null })
            {
                anyMayTake.Add(task);
                AvoidBy(task, avoiding => avoiding.Add(ReadyTask.Of(task)));
            }
            else
            {
                Enter(task);
            }
        }

        foreach (var (queue, count) in anyMayTake.CountBy(task => task.Queue))
        {
            Put(queue, Counters(queue).Move(TaskState.Queued, count));
        }

        doBoth(() => tasks = TaskTable.Of(restored), () => ready = ReadyIndex.Of(anyMayTake));
    }

    public void ForgetEnded(int count)
    {
        for (; count > 0 && !ended.IsEmpty; count--)
        {
            ended = ended.Dequeue(out var id);
            var task = Get(id);
            endedCount--;
            endedSize -= task.Size;
            size -= task.Size;
            tasks = tasks.Without(id);
        }
    }

    /// <summary>
    /// What is kept of a worker. A new share may follow one that was dropped, and the worker's entity may still know that one's batches:
    /// so batches are numbered from the last epoch, since there are never more batches than leases.
    /// </summary>
    public WorkerShare Share(WorkerId worker) =>
        workers.TryGetValue(worker, out var share) ? share
        : before.Workers.GetValueOrDefault(worker) ?? WorkerShare.Empty with { Outbox = Outbox.Empty with { Number = before.LastEpoch.Value } };

    public void Put(WorkerId worker, WorkerShare share) => workers[worker] = share;

    public void Owe(WorkerId worker, LeaseOutcome outcome)
    {
        ref var outcomes = ref CollectionsMarshal.GetValueRefOrAddDefault(owed, worker, out _);
        (outcomes ??= []).Add(outcome);
    }

    public QueueCounters Counters(QueueName queue) =>
        counters.TryGetValue(queue, out var known) ? known : before.Counters.GetValueOrDefault(queue, QueueCounters.Zero);

    public void Put(QueueName queue, QueueCounters counted) => counters[queue] = counted;

    public QueueState Done()
    {
        foreach (var (worker, outcomes) in owed)
        {
            var share = Share(worker);
            workers[worker] = share with { Outbox = share.Outbox.Owe(outcomes) };
        }

        var owedNow = before.Owed;
        foreach (var (worker, share) in workers)
        {
            owedNow = share.Outbox.IsUnderWay ? owedNow.Add(worker) : owedNow.Remove(worker);
        }

        return before with
        {
            LastEpoch = LastEpoch,
            LastOrder = LastOrder,
            Tasks = tasks,
            Workers = before.Workers.SetItems(workers),
            Counters = before.Counters.SetItems(counters),
            Ready = ready,
            JustReady = justReady?.DrainToImmutable() ?? [],
            Due = due?.ToImmutable() ?? before.Due,
            LeaseEnds = leaseEnds.ToImmutable(),
            Deciding = deciding?.ToImmutable() ?? before.Deciding,
            Owed = owedNow,
            Ended = ended,
            EndedCount = endedCount,
            EndedSize = endedSize,
            Size = size,
        };
    }

    private void Enqueue(TaskRecord task)
    {
        ended = ended.Enqueue(task.TaskId);
        endedCount++;
        endedSize += task.Size;
    }

    private void Enter(TaskRecord task)
    {
        Put(task.Queue, Counters(task.Queue).Move(task.State, +1));
        switch (task.State)
        {
            case TaskState.Queued when task.PinnedTo is { } worker:
                Pin(worker, pinned => pinned.With(task));
                (due ??= before.Due.ToBuilder()).Add(DueOf(task));
                break;
            case TaskState.Queued:
                ready = ready.With(task);
                (justReady ??= ImmutableArray.CreateBuilder<TaskId>()).Add(task.TaskId);
                AvoidBy(task, avoiding => avoiding.Add(ReadyTask.Of(task)));
                break;
            case TaskState.Delayed:
                (due ??= before.Due.ToBuilder()).Add(DueOf(task));
                break;
            case TaskState.Leased:
                leaseEnds.Add(LeaseEndOf(task));
                Hold(task);
                break;
            case TaskState.Deciding:
                (deciding ??= before.Deciding.ToBuilder()).Add(task.TaskId);
                break;
        }
    }

    private void Leave(TaskRecord task)
    {
        Put(task.Queue, Counters(task.Queue).Move(task.State, -1));
        switch (task.State)
        {
            case TaskState.Queued when task.PinnedTo is { } worker:
                Pin(worker, pinned => pinned.Without(task));
                (due ??= before.Due.ToBuilder()).Remove(DueOf(task));
                break;
            case TaskState.Queued:
                ready = ready.Without(task);
                AvoidBy(task, avoiding => avoiding.Remove(ReadyTask.Of(task)));
                break;
            case TaskState.Delayed:
                (due ??= before.Due.ToBuilder()).Remove(DueOf(task));
                break;
            case TaskState.Leased:
                leaseEnds.Remove(LeaseEndOf(task));
                var holder = Share(task.Lease!.WorkerId);
                Put(task.Lease.WorkerId, holder with { Held = holder.Held.Remove(task.Lease.Epoch) });
                break;
            case TaskState.Deciding:
                (deciding ??= before.Deciding.ToBuilder()).Remove(task.TaskId);
                break;
        }
    }

    private void Pin(WorkerId worker, Func<ReadyIndex, ReadyIndex> change)
    {
        var share = Share(worker);
        Put(worker, share with { Pinned = change(share.Pinned) });
    }

    private void AvoidBy(TaskRecord task, Func<ImmutableSortedSet<ReadyTask>, ImmutableSortedSet<ReadyTask>> change)
    {
        if (task.Avoid is { } worker)
        {
            var share = Share(worker);
            Put(worker, share with { Avoiding = change(share.Avoiding) });
        }
    }

    private void Hold(TaskRecord task)
    {
        var lease = task.Lease!;
        var share = Share(lease.WorkerId);
        var held = new HeldTask(task.TaskId, task.Queue, lease.RequestId, lease.InstanceId);
        Put(lease.WorkerId, share with { Held = share.Held.SetItem(lease.Epoch, held) });
    }

    private static DueEntry DueOf(TaskRecord task) =>
        new((task.State == TaskState.Delayed ? task.NotBefore : task.PinnedUntil)!.Value, task.Order, task.TaskId);

    private static DueEntry LeaseEndOf(TaskRecord task)
    {
        var lease = task.Lease!;
        return new(lease.Loss is { } loss && loss.EndsAt < lease.Deadline ? loss.EndsAt : lease.Deadline, task.Order, task.TaskId);
    }
}
