using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>Bringing outcomes to the workers' entities.</summary>
public static class OutcomeDelivery
{
    /// <summary>Takes acknowledgements, together for all workers; those of other batches than the one under way change nothing.</summary>
    public static OutcomesAcknowledged? Decide(QueueState state, IEnumerable<OutcomesTaken> taken)
    {
        var batches = ImmutableArray.CreateBuilder<AcknowledgedBatch>();
        var seen = new HashSet<WorkerId>();
        foreach (var batch in taken)
        {
            var outbox = state.ShareOf(batch.WorkerId).Outbox;
            if (outbox.IsUnderWay && outbox.Number == batch.Number && seen.Add(batch.WorkerId))
            {
                batches.Add(new AcknowledgedBatch { WorkerId = batch.WorkerId, Number = batch.Number });
            }
        }

        return batches.Count == 0 ? null : new OutcomesAcknowledged { Batches = batches.DrainToImmutable() };
    }

    /// <summary>The batch that a worker's entity is owed now; null where it is owed nothing.</summary>
    public static LeaseOutcomes? OwedTo(QueueState state, WorkerId worker, int partition) =>
        state.ShareOf(worker).Outbox is { IsUnderWay: true } outbox
            ? new LeaseOutcomes { WorkerId = worker, Partition = partition, Number = outbox.Number, Outcomes = outbox.Batch }
            : null;

    /// <summary>
    /// What to tell a worker's entity of the leases that its worker ended itself: the room is there at once, although their outcomes
    /// may have to wait for the batch before them.
    /// </summary>
    public static IEnumerable<LeasesFreed> FreedBy(IStoredEvent @event, int partition) => @event switch
    {
        TasksCompleted completed =>
            [Freed(completed.WorkerId, partition, completed.Completions.Select(done => new LeaseRef { TaskId = done.TaskId, Epoch = done.Epoch }))],
        LeasesReleased released => [Freed(released.WorkerId, partition, released.Leases)],
        LeasesEnded ended =>
            from lease in ended.Leases
            let worker = lease.Failure.WorkerId
            where worker is not null
            group new LeaseRef { TaskId = lease.TaskId, Epoch = lease.Failure.Epoch } by worker.Value into leases
            select Freed(leases.Key, partition, leases),
        _ => [],
    };

    /// <summary>The workers whose outbox an event may have changed.</summary>
    public static IEnumerable<WorkerId> TouchedBy(IStoredEvent @event, QueueState before) => @event switch
    {
        TasksCompleted completed => [completed.WorkerId],
        LeasesReleased released => [released.WorkerId],
        InstanceFenced fenced => [fenced.WorkerId],
        LeasesEnded ended => ended.Leases.Select(lease => lease.Failure.WorkerId).OfType<WorkerId>().Distinct(),
        OutcomesAcknowledged acknowledged => acknowledged.Batches.Select(batch => batch.WorkerId),
        TasksCancelled cancelled => cancelled.Tasks
            .Select(task => before.Tasks.GetValueOrDefault(task)?.Lease?.WorkerId)
            .OfType<WorkerId>()
            .Distinct(),
        _ => [],
    };

    private static LeasesFreed Freed(WorkerId worker, int partition, IEnumerable<LeaseRef> leases) =>
        new() { WorkerId = worker, Partition = partition, Leases = [.. leases] };

    /// <summary>The state with the next batches formed.</summary>
    public static QueueState Apply(QueueState state, OutcomesAcknowledged @event)
    {
        var edit = new QueueEdit(state);
        foreach (var batch in @event.Batches)
        {
            var share = edit.Share(batch.WorkerId);
            edit.Put(batch.WorkerId, share with { Outbox = share.Outbox.Acknowledge(batch.Number) });
        }

        return edit.Done();
    }
}
