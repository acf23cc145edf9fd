using System.Runtime.InteropServices;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues.Ready;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Builds the state after one event. Every change to a task goes through <see cref="Put(TaskRecord)"/>, which updates all indexes from the
/// old and the new record, so no rule can forget one.
/// </summary>
internal sealed class QueueEdit
{
    private readonly QueueState before;
    private readonly ImmutableSortedSet<DueEntry>.Builder leaseEnds;
    private readonly Dictionary<QueueName, QueueCounters> counters = new(1);
    private readonly Dictionary<WorkerId, WorkerShare> workers = new(1);
    private readonly Dictionary<WorkerId, List<LeaseOutcome>> outcomes = new(1);
    private TaskTable tasks;
    private ReadyIndex ready;
    private ImmutableArray<TaskId>.Builder? justReady;
    private ImmutableSortedSet<DueEntry>.Builder? due;
    private ImmutableSortedSet<TaskId>.Builder? deciding;
    private ImmutableQueue<TaskId> finished;
    private int finishedCount;
    private long finishedSize;
    private long size;

    public QueueEdit(QueueState before)
    {
        this.before = before;
        tasks = before.Tasks;
        leaseEnds = before.LeaseEnds.ToBuilder();
        ready = before.Ready;
        finished = before.Finished;
        finishedCount = before.FinishedCount;
        finishedSize = before.FinishedSize;
        size = before.Size;
        LastEpoch = before.LastEpoch;
        LastOrder = before.LastOrder;
    }

    public LeaseEpoch LastEpoch { get; set; }
    public long LastOrder { get; set; }

    public int HistoryKept => before.HistoryKept;

    /// <summary>Returns a task that must exist. Events about unknown tasks are a defect.</summary>
    public TaskRecord Get(TaskId id) =>
        tasks.TryGetValue(id, out var task)
            ? task
            : throw new InvalidOperationException($"An event names task {id}, which this partition does not have.");

    public void Put(TaskRecord after)
    {
        if (tasks.TryGetValue(after.TaskId, out var old))
        {
            RemoveFromIndexes(old);
            size -= old.Size;
            if (!old.IsFinished && after.IsFinished)
            {
                AddFinished(after);
            }
            else if (after.IsFinished)
            {
                finishedSize += after.Size - old.Size;
            }
        }
        else if (after.IsFinished)
        {
            AddFinished(after);
        }

        tasks = tasks.With(after);
        size += after.Size;
        AddToIndexes(after);
    }

    /// <summary>Adds all tasks to an empty state. Builds the large indexes in one go instead of task by task.</summary>
    /// <param name="restored">The tasks; finished ones in the order in which they finished.</param>
    /// <param name="doBoth">Runs two pieces of work in any order or in parallel: with many tasks each takes seconds.</param>
    public void PutAll(IReadOnlyCollection<TaskRecord> restored, Action<Action, Action> doBoth)
    {
        if (!before.Tasks.IsEmpty)
        {
            throw new InvalidOperationException("Tasks can be restored only into an empty state.");
        }

        var unpinned = new List<TaskRecord>(restored.Count);
        foreach (var task in restored)
        {
            size += task.Size;
            if (task.IsFinished)
            {
                AddFinished(task);
            }

            if (task is { State: TaskState.Queued, PinnedTo: null })
            {
                unpinned.Add(task);
                ChangeAvoiding(task, avoiding => avoiding.Add(ReadyTask.Of(task)));
            }
            else
            {
                AddToIndexes(task);
            }
        }

        foreach (var (queue, count) in unpinned.CountBy(task => task.Queue))
        {
            Put(queue, CountersOf(queue).Move(TaskState.Queued, count));
        }

        doBoth(() => tasks = TaskTable.Of(restored), () => ready = ReadyIndex.Of(unpinned));
    }

    public void ForgetFinished(int count)
    {
        for (; count > 0 && !finished.IsEmpty; count--)
        {
            finished = finished.Dequeue(out var id);
            var task = Get(id);
            finishedCount--;
            finishedSize -= task.Size;
            size -= task.Size;
            tasks = tasks.Without(id);
        }
    }

    /// <summary>
    /// A worker's share. A new share may follow one that was dropped, whose batch numbers the worker's entity still knows. Numbering
    /// therefore starts at the last epoch: there are never more batches than leases.
    /// </summary>
    public WorkerShare ShareOf(WorkerId worker) =>
        workers.TryGetValue(worker, out var share) ? share
        : before.Workers.GetValueOrDefault(worker)
            ?? WorkerShare.Empty with { Outbox = Outbox.Empty with { Number = before.LastEpoch.Value } };

    public void Put(WorkerId worker, WorkerShare share) => workers[worker] = share;

    public void AddOutcome(WorkerId worker, LeaseOutcome outcome)
    {
        ref var ofWorker = ref CollectionsMarshal.GetValueRefOrAddDefault(outcomes, worker, out _);
        (ofWorker ??= []).Add(outcome);
    }

    public QueueCounters CountersOf(QueueName queue) =>
        counters.TryGetValue(queue, out var known) ? known : before.Counters.GetValueOrDefault(queue, QueueCounters.Zero);

    public void Put(QueueName queue, QueueCounters counted) => counters[queue] = counted;

    public QueueState ToState()
    {
        foreach (var (worker, added) in outcomes)
        {
            var share = ShareOf(worker);
            workers[worker] = share with { Outbox = share.Outbox.Add(added) };
        }

        var withBatch = before.WorkersWithBatch;
        foreach (var (worker, share) in workers)
        {
            withBatch = share.Outbox.IsInFlight ? withBatch.Add(worker) : withBatch.Remove(worker);
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
            WorkersWithBatch = withBatch,
            Finished = finished,
            FinishedCount = finishedCount,
            FinishedSize = finishedSize,
            Size = size,
        };
    }

    private void AddFinished(TaskRecord task)
    {
        finished = finished.Enqueue(task.TaskId);
        finishedCount++;
        finishedSize += task.Size;
    }

    private void AddToIndexes(TaskRecord task)
    {
        Put(task.Queue, CountersOf(task.Queue).Move(task.State, +1));
        switch (task.State)
        {
            case TaskState.Queued when task.PinnedTo is { } worker:
                ChangePinned(worker, pinned => pinned.With(task));
                (due ??= before.Due.ToBuilder()).Add(DueOf(task));
                break;
            case TaskState.Queued:
                ready = ready.With(task);
                (justReady ??= ImmutableArray.CreateBuilder<TaskId>()).Add(task.TaskId);
                ChangeAvoiding(task, avoiding => avoiding.Add(ReadyTask.Of(task)));
                break;
            case TaskState.Delayed:
                (due ??= before.Due.ToBuilder()).Add(DueOf(task));
                break;
            case TaskState.Leased:
                leaseEnds.Add(LeaseEndOf(task));
                AddHeld(task);
                break;
            case TaskState.Deciding:
                (deciding ??= before.Deciding.ToBuilder()).Add(task.TaskId);
                break;
        }
    }

    private void RemoveFromIndexes(TaskRecord task)
    {
        Put(task.Queue, CountersOf(task.Queue).Move(task.State, -1));
        switch (task.State)
        {
            case TaskState.Queued when task.PinnedTo is { } worker:
                ChangePinned(worker, pinned => pinned.Without(task));
                (due ??= before.Due.ToBuilder()).Remove(DueOf(task));
                break;
            case TaskState.Queued:
                ready = ready.Without(task);
                ChangeAvoiding(task, avoiding => avoiding.Remove(ReadyTask.Of(task)));
                break;
            case TaskState.Delayed:
                (due ??= before.Due.ToBuilder()).Remove(DueOf(task));
                break;
            case TaskState.Leased:
                leaseEnds.Remove(LeaseEndOf(task));
                var holder = ShareOf(task.Lease!.WorkerId);
                Put(task.Lease.WorkerId, holder with { Held = holder.Held.Remove(task.Lease.Epoch) });
                break;
            case TaskState.Deciding:
                (deciding ??= before.Deciding.ToBuilder()).Remove(task.TaskId);
                break;
        }
    }

    private void ChangePinned(WorkerId worker, Func<ReadyIndex, ReadyIndex> change)
    {
        var share = ShareOf(worker);
        Put(worker, share with { Pinned = change(share.Pinned) });
    }

    private void ChangeAvoiding(TaskRecord task, Func<ImmutableSortedSet<ReadyTask>, ImmutableSortedSet<ReadyTask>> change)
    {
        if (task.Avoid is { } worker)
        {
            var share = ShareOf(worker);
            Put(worker, share with { Avoiding = change(share.Avoiding) });
        }
    }

    private void AddHeld(TaskRecord task)
    {
        var lease = task.Lease!;
        var share = ShareOf(lease.WorkerId);
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
