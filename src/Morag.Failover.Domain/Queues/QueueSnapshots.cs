using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// A queue's state to and from the parts of its snapshot. The records are shared, not copied, and parts are made one at a time, so
/// that a snapshot of a large queue takes little memory; indexes are built again when it is read.
/// </summary>
public static class QueueSnapshots
{
    /// <summary>What a task takes besides what <see cref="TaskRecord.Size"/> counts: ids, names, times and numbers.</summary>
    private const int TaskOverhead = 200;

    /// <summary>The bytes that the tasks take in a snapshot, by estimate: at the same cost for any number of them.</summary>
    public static long BytesOf(QueueState state) => state.Size + ((long)TaskOverhead * state.Tasks.Count);

    /// <summary>The state in parts of at most <paramref name="maxBytes"/>, by estimate.</summary>
    public static IEnumerable<QueueSnapshot> ToParts(QueueState state, int maxBytes)
    {
        var first = true;
        foreach (var run in Records(state).InBatches(WireSize.OfObject, maxBytes))
        {
            yield return new QueueSnapshot
            {
                LastEpoch = first ? state.LastEpoch : default,
                LastOrder = first ? state.LastOrder : 0,
                Counters = first ? [.. state.Counters.Select(known => Stored(known.Key, known.Value))] : [],
                Workers = [.. run.OfType<StoredWorkerShare>()],
                Tasks = [.. run.OfType<TaskRecord>()],
            };
            first = false;
        }
    }

    /// <summary>The state that was stored.</summary>
    /// <param name="parts">All parts, in their order.</param>
    /// <param name="empty">The state to put them into, which brings the settings.</param>
    /// <param name="doBoth">Does two pieces of work in any order, or at the same time.</param>
    public static QueueState FromParts(IReadOnlyList<QueueSnapshot> parts, QueueState empty, Action<Action, Action> doBoth)
    {
        var shares = parts.SelectMany(part => part.Workers).GroupBy(share => share.WorkerId, (_, pieces) => Joined([.. pieces])).ToList();
        var edit = new QueueEdit(empty with
        {
            LastEpoch = parts[0].LastEpoch,
            LastOrder = parts[0].LastOrder,
            Workers = shares.ToImmutableDictionary(share => share.WorkerId, Restored),
            Counters = parts[0].Counters.ToImmutableDictionary(counters => counters.Queue, Restored),
            Owed = [.. shares.Where(share => !share.Batch.IsEmpty).Select(share => share.WorkerId)],
        });
        edit.PutAll([.. parts.SelectMany(part => part.Tasks)], doBoth);
        return edit.Done();
    }

    /// <summary>The workers' shares, the open tasks in the order of their ids, and then the ended tasks in the order they ended.</summary>
    private static IEnumerable<object> Records(QueueState state)
    {
        foreach (var (worker, share) in state.Workers)
        {
            foreach (var piece in Pieces(Stored(worker, share)))
            {
                yield return piece;
            }
        }

        foreach (var task in state.Tasks.Values)
        {
            if (!task.IsEnded)
            {
                yield return task;
            }
        }

        foreach (var id in state.Ended)
        {
            yield return state.Tasks[id];
        }
    }

    /// <summary>What gathers while a worker's entity does not answer may be more than one value may hold.</summary>
    private static IEnumerable<StoredWorkerShare> Pieces(StoredWorkerShare share)
    {
        var piece = share;
        foreach (var run in share.Gathering.InBatches(WireSize.Of, MessageLimits.MaxGatheredBytes))
        {
            yield return piece with { Gathering = run };
            piece = new StoredWorkerShare { WorkerId = share.WorkerId };
        }
    }

    private static StoredWorkerShare Joined(StoredWorkerShare[] pieces) =>
        pieces is [var only] ? only : pieces[0] with { Gathering = [.. pieces.SelectMany(piece => piece.Gathering)] };

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
        Turns = new FairTurns
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
