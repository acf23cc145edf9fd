using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <content>Follows the leases that the worker holds: their deadlines, their return and their end.</content>
public sealed partial class WorkerReliabilityActor
{
    private void GiveBack(List<LeasedTask> leases, string reason)
    {
        if (leases.Count > 0)
        {
            ReturnLeases(leases.Select(lease => (lease.TaskId, lease.Epoch)), reason);
        }
    }

    private void ReturnLeases(IEnumerable<(TaskId Task, LeaseEpoch Epoch)> leases, string reason)
    {
        var partitions = new SortedSet<int>();
        foreach (var (task, epoch) in leases)
        {
            var partition = held.PartitionOf(task);
            returns.Add(partition, task, epoch, reason);
            partitions.Add(partition);
        }

        foreach (var partition in partitions)
        {
            SendReturns(partition);
        }
    }

    private void OnLeasesReturned(LeaseResults results)
    {
        foreach (var result in results.Results)
        {
            if (result.Refused?.Reason != RefusalReason.Unavailable)
            {
                returns.Remove(held.PartitionOf(result.TaskId), result.TaskId, result.Epoch);
                held.Remove(result.TaskId, result.Epoch);
            }
        }

        demand.OnLeasesEnded();
    }

    private void OnLeasesFreed(LeasesFreed freed)
    {
        foreach (var lease in freed.Leases)
        {
            held.Remove(lease.TaskId, lease.Epoch);
        }

        demand.OnWorkAvailable(freed.Partition);
        demand.OnLeasesEnded();
    }

    private void OnDeadlineMoved(LeaseDeadlineMoved moved)
    {
        if (held.Extend(moved.TaskId, moved.Epoch, moved.Deadline, Now))
        {
            TellDeadline(moved.TaskId, moved.Epoch, moved.Deadline);
        }
    }

    /// <summary>Heartbeats are answered with the new deadline too, but a worker whose session carries beats sends few of them.</summary>
    private void TellDeadline(HeldLease lease)
    {
        if (lease.Deadline is { } deadline)
        {
            TellDeadline(lease.TaskId, lease.Epoch, deadline);
        }
    }

    private void TellDeadline(TaskId task, LeaseEpoch epoch, DateTimeOffset deadline) =>
        session.Tell(new DeadlineSignal { TaskId = task, Epoch = epoch, Deadline = deadline });

    private void OnOutcomes(LeaseOutcomes batch)
    {
        var isNew = batch.Number > State.CountedBatches.GetValueOrDefault(batch.Partition);
        foreach (var outcome in batch.Outcomes)
        {
            held.Remove(outcome.TaskId, outcome.Epoch);
            returns.Remove(held.PartitionOf(outcome.TaskId), outcome.TaskId, outcome.Epoch);
            if (isNew && outcome.Reason is { } reason)
            {
                session.Tell(new LeaseRevoked { TaskId = outcome.TaskId, Epoch = outcome.Epoch, Reason = reason });
            }
        }

        demand.OnWorkAvailable(batch.Partition);
        demand.OnLeasesEnded();
        StoreIfAny(FailureAccounting.CountOutcomes(State, batch), after => regions.Queues.Tell(
            new OutcomesReceived { Partition = batch.Partition, WorkerId = after.WorkerId, Number = batch.Number }, Self));
    }
}
