using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Converts a queue's state to the parts of a snapshot and back. Records are shared, not copied, and parts are created one at a time, so a
/// snapshot of a large queue needs little memory. Indexes are rebuilt on reading.
/// </summary>
public static class QueueSnapshotMapping
{
    /// <summary>The estimated bytes of a task beyond <see cref="TaskRecord.Size"/>: ids, names, times and numbers.</summary>
    private const int TaskOverhead = 200;

    /// <summary>The estimated size of a snapshot, computed in constant time.</summary>
    public static long BytesOf(QueueState state) => state.Size + ((long)TaskOverhead * state.Tasks.Count);

    /// <summary>Splits the state into parts of at most <paramref name="maxBytes"/>, by estimate.</summary>
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
                ControlsRevision = first ? state.Controls.Revision : 0,
                Controls = first ? state.Controls.Queues : [],
                LastAudit = first ? state.Audit.Last : 0,
                OwedAudit = [.. run.OfType<OwedAudit>()],
                Workers = [.. run.OfType<StoredWorkerShare>()],
                Tasks = [.. run.OfType<TaskRecord>()],
            };
            first = false;
        }
    }

    /// <summary>Restores a state.</summary>
    /// <param name="parts">All parts, in order.</param>
    /// <param name="empty">An empty state with the settings.</param>
    /// <param name="doBoth">Runs two pieces of work in any order or in parallel.</param>
    public static QueueState FromParts(IReadOnlyList<QueueSnapshot> parts, QueueState empty, Action<Action, Action> doBoth)
    {
        var shares = parts.SelectMany(part => part.Workers).GroupBy(share => share.WorkerId, (_, pieces) => Joined([.. pieces])).ToList();
        var edit = new QueueEdit(empty with
        {
            LastEpoch = parts[0].LastEpoch,
            LastOrder = parts[0].LastOrder,
            Workers = shares.ToImmutableDictionary(share => share.WorkerId, Restored),
            Counters = parts[0].Counters.ToImmutableDictionary(counters => counters.Queue, Restored),
            Controls = new ControlledQueues { Revision = parts[0].ControlsRevision, Queues = parts[0].Controls },
            Audit = new AuditOutbox { Last = parts[0].LastAudit, Owed = [.. parts.SelectMany(part => part.OwedAudit)] },
            WorkersWithBatch = [.. shares.Where(share => !share.Batch.IsEmpty).Select(share => share.WorkerId)],
        });
        edit.PutAll([.. parts.SelectMany(part => part.Tasks)], doBoth);
        return edit.ToState();
    }

    /// <summary>
    /// The audit entries, the workers' shares, then unfinished tasks by id, then finished tasks in the order in which they finished.
    /// </summary>
    private static IEnumerable<object> Records(QueueState state)
    {
        foreach (var owed in state.Audit.Owed)
        {
            yield return owed;
        }

        foreach (var (worker, share) in state.Workers)
        {
            foreach (var piece in Pieces(Stored(worker, share)))
            {
                yield return piece;
            }
        }

        foreach (var task in state.Tasks.Values)
        {
            if (!task.IsFinished)
            {
                yield return task;
            }
        }

        foreach (var id in state.Finished)
        {
            yield return state.Tasks[id];
        }
    }

    /// <summary>While a worker's entity does not answer, more outcomes may wait than fit one value.</summary>
    private static IEnumerable<StoredWorkerShare> Pieces(StoredWorkerShare share)
    {
        var piece = share;
        foreach (var run in share.Waiting.InBatches(WireSize.Of, MessageLimits.MaxGatheredBytes))
        {
            yield return piece with { Waiting = run };
            piece = new StoredWorkerShare { WorkerId = share.WorkerId };
        }
    }

    private static StoredWorkerShare Joined(StoredWorkerShare[] pieces) =>
        pieces is [var only] ? only : pieces[0] with { Waiting = [.. pieces.SelectMany(piece => piece.Waiting)] };

    private static StoredWorkerShare Stored(WorkerId worker, WorkerShare share) => new()
    {
        WorkerId = worker,
        LastFence = share.LastFence,
        FencedInstances = share.FencedInstances,
        BatchNumber = share.Outbox.Number,
        Batch = share.Outbox.Batch,
        Waiting = [.. share.Outbox.Waiting],
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
            Waiting = ImmutableQueue.CreateRange(stored.Waiting),
            WaitingCount = stored.Waiting.Length,
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
