using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>A queue's state to and from what a snapshot stores. The records are shared, not copied; indexes are built anew.</summary>
public static class QueueSnapshots
{
    /// <summary>The state as it is stored.</summary>
    public static QueueSnapshot ToSnapshot(QueueState state)
    {
        var tasks = ImmutableArray.CreateBuilder<TaskRecord>(state.Tasks.Count);
        foreach (var (_, task) in state.Tasks)
        {
            if (!task.IsEnded)
            {
                tasks.Add(task);
            }
        }

        foreach (var id in state.Ended)
        {
            tasks.Add(state.Tasks[id]);
        }

        return new QueueSnapshot
        {
            LastEpoch = state.LastEpoch,
            LastOrder = state.LastOrder,
            Tasks = tasks.DrainToImmutable(),
            Workers = [.. state.Workers.Select(known => Stored(known.Key, known.Value))],
            Counters = [.. state.Counters.Select(known => Stored(known.Key, known.Value))],
        };
    }

    /// <summary>The state that was stored.</summary>
    /// <param name="snapshot">What was stored.</param>
    /// <param name="empty">The state to put it into, which brings the settings.</param>
    public static QueueState FromSnapshot(QueueSnapshot snapshot, QueueState empty)
    {
        var edit = new QueueEdit(empty with
        {
            LastEpoch = snapshot.LastEpoch,
            LastOrder = snapshot.LastOrder,
            Workers = snapshot.Workers.ToImmutableDictionary(share => share.WorkerId, Restored),
            Counters = snapshot.Counters.ToImmutableDictionary(counters => counters.Queue, Restored),
            Owed = [.. snapshot.Workers.Where(share => !share.Batch.IsEmpty).Select(share => share.WorkerId)],
        });
        foreach (var task in snapshot.Tasks)
        {
            edit.Put(task);
        }

        return edit.Done();
    }

    private static StoredWorkerShare Stored(WorkerId worker, WorkerShare share) => new()
    {
        WorkerId = worker,
        LastFence = share.LastFence,
        FencedInstances = share.FencedInstances,
        BatchNumber = share.Outbox.Number,
        Batch = share.Outbox.Batch,
        Gathering = [.. share.Outbox.Gathering],
        Turn = share.Turns.Now,
        Turns = [.. share.Turns.Next.Select(turn => new StoredTurn { Queue = turn.Key, Next = turn.Value })],
    };

    private static WorkerShare Restored(StoredWorkerShare stored) => new()
    {
        LastFence = stored.LastFence,
        FencedInstances = stored.FencedInstances,
        Outbox = new Outbox
        {
            Number = stored.BatchNumber,
            Batch = stored.Batch,
            Gathering = ImmutableQueue.CreateRange(stored.Gathering),
            GatheringCount = stored.Gathering.Length,
        },
        Turns = new TurnTaking
        {
            Now = stored.Turn,
            Next = stored.Turns.ToImmutableDictionary(turn => turn.Queue, turn => turn.Next),
        },
    };

    private static StoredQueueCounters Stored(QueueName queue, QueueCounters counters) => new()
    {
        Queue = queue,
        Completed = counters.Completed,
        Cancelled = counters.Cancelled,
        FirstLeases = counters.FirstLeases,
        Waited = counters.Waited,
        Processed = counters.Processed,
    };

    private static QueueCounters Restored(StoredQueueCounters stored) => new()
    {
        Completed = stored.Completed,
        Cancelled = stored.Cancelled,
        FirstLeases = stored.FirstLeases,
        Waited = stored.Waited,
        Processed = stored.Processed,
    };
}
