using System.Globalization;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.History;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Chaos;

/// <summary>Reads what the cluster stored about every task and failure, once everything has come to rest.</summary>
internal sealed class StoredHistory(NodeClient node, HistoryRecorder recorder)
{
    // As in chaos.conf.
    private const int QueuePartitions = 4;

    private readonly List<Happening> stored = [];

    /// <summary>What was stored, with what is read at the end.</summary>
    public async Task<IReadOnlyList<Happening>> ReadAsync(IReadOnlyCollection<string> tasks)
    {
        var asked = recorder.Now;
        foreach (var failure in await node.FailuresAsync())
        {
            AddDecision(failure);
        }

        foreach (var task in tasks)
        {
            Add(await node.TaskAsync(task));
        }

        stored.Add(new StatisticRead(recorder.Now, asked, "failures", (await node.StatisticsAsync()).TotalFailures));
        return stored;
    }

    private void AddDecision(FailoverDecision decision)
    {
        var at = recorder.At(decision.DecisionMetadata.DecidedAt);
        // A lease ends once, so two decisions about one lease decide one failure twice.
        var failure = string.Create(CultureInfo.InvariantCulture, $"{decision.TaskId}@{decision.DecisionMetadata.Epoch}");
        stored.Add(new DecisionStored(at, failure, decision.TaskId.Value));
        stored.Add(new EventCounted(at, "failures"));
        if (decision.FailureEvent is { FailureType: FailureType.WorkerOffline, WorkerId: { } worker })
        {
            var failed = decision.FailureEvent;
            stored.Add(new WorkerDeclaredLost(recorder.At(failed.OccurredAt), worker.Value, failed.ErrorMessage));
        }
    }

    private void Add(TaskInfo task)
    {
        var partition = string.Create(CultureInfo.InvariantCulture, $"queue partition {Partition.Of(task.TaskId, QueuePartitions)}");
        var at = TimeSpan.MinValue;
        foreach (var entry in task.History)
        {
            // Two nodes may have written it, and their clocks may differ, but its order is what happened.
            at = recorder.At(entry.At) is var written && written > at ? written : at;
            if (entry is { What: "leased", Epoch: { } lease, WorkerId: { } worker })
            {
                stored.Add(new LeaseStored(at, partition, task.TaskId.Value, lease.Value, worker.Value));
            }
            else if (entry is { What: "lease_ended" or "released" or "completed" or "cancelled", Epoch: { } ended })
            {
                stored.Add(new LeaseEndStored(at, task.TaskId.Value, ended.Value));
            }
        }

        var isFinished = task.State is TaskState.Succeeded or TaskState.Cancelled;
        stored.Add(new TaskReadAtEnd(recorder.Now, task.TaskId.Value, $"{task.State}", isFinished, task.ParkedBecause));
    }
}
