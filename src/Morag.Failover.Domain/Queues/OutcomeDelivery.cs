using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>Delivers outcomes to the workers' entities.</summary>
public static class OutcomeDelivery
{
    /// <summary>Stores acknowledgements of several workers together. Those of batches that are no longer in flight are ignored.</summary>
    public static OutcomesAcknowledged? Decide(QueueState state, IEnumerable<OutcomesReceived> taken)
    {
        var batches = ImmutableArray.CreateBuilder<AcknowledgedBatch>();
        var seen = new HashSet<WorkerId>();
        foreach (var batch in taken)
        {
            var outbox = state.ShareOf(batch.WorkerId).Outbox;
            if (outbox.IsInFlight && outbox.Number == batch.Number && seen.Add(batch.WorkerId))
            {
                batches.Add(new AcknowledgedBatch { WorkerId = batch.WorkerId, Number = batch.Number });
            }
        }

        return batches.Count == 0 ? null : new OutcomesAcknowledged { Batches = batches.DrainToImmutable() };
    }

    /// <summary>The batch in flight to a worker's entity; null if there is none.</summary>
    public static LeaseOutcomes? BatchFor(QueueState state, WorkerId worker, int partition) =>
        state.ShareOf(worker).Outbox is { IsInFlight: true } outbox
            ? new LeaseOutcomes { WorkerId = worker, Partition = partition, Number = outbox.Number, Outcomes = outbox.Batch }
            : null;

    /// <summary>
    /// Hints for workers that ended leases themselves: they have room at once, although the outcomes may wait behind the batch in flight.
    /// </summary>
    public static IEnumerable<LeasesFreed> HintsFor(IStoredEvent @event, int partition) => @event switch
    {
        TasksCompleted completed => [Freed(completed.WorkerId, partition, completed.Completions.Select(RefOf))],
        LeasesReleased released => [Freed(released.WorkerId, partition, released.Leases)],
        LeasesEnded ended =>
            from lease in ended.Leases
            let worker = lease.Failure.WorkerId
            where worker is not null
            group new LeaseRef { TaskId = lease.TaskId, Epoch = lease.Failure.Epoch } by worker.Value into leases
            select Freed(leases.Key, partition, leases),
        _ => [],
    };

    /// <summary>
    /// The hint for a worker whose lease was extended: its heartbeats are answered with the new deadline. Null for other events.
    /// </summary>
    public static LeaseDeadlineMoved? HintFor(IStoredEvent @event, QueueState after) =>
        @event is LeaseExtended extended
        && after.Tasks.GetValueOrDefault(extended.TaskId) is { State: TaskState.Leased, Lease: { } lease }
        && lease.Epoch == extended.Epoch
            ? new()
            {
                WorkerId = lease.WorkerId,
                TaskId = extended.TaskId,
                Epoch = extended.Epoch,
                Deadline = extended.Deadline,
            }
            : null;

    /// <summary>The workers whose outbox an event may have changed.</summary>
    public static IEnumerable<WorkerId> AffectedWorkers(IStoredEvent @event, QueueState before) => @event switch
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

    private static LeaseRef RefOf(TaskCompletion completion) => new() { TaskId = completion.TaskId, Epoch = completion.Epoch };

    private static LeasesFreed Freed(WorkerId worker, int partition, IEnumerable<LeaseRef> leases) =>
        new() { WorkerId = worker, Partition = partition, Leases = [.. leases] };

    /// <summary>Forms the next batches.</summary>
    public static QueueState Apply(QueueState state, OutcomesAcknowledged @event)
    {
        var edit = new QueueEdit(state);
        foreach (var batch in @event.Batches)
        {
            var share = edit.ShareOf(batch.WorkerId);
            edit.Put(batch.WorkerId, share with { Outbox = share.Outbox.Acknowledge(batch.Number) });
        }

        return edit.ToState();
    }
}

/// <summary>Workers' entities acknowledged batches; waiting outcomes form the next ones.</summary>
[ProtoContract(Name = "queue.outcomes-acknowledged")]
public sealed record OutcomesAcknowledged : IStoredEvent
{
    [ProtoMember(1)] public ImmutableArray<AcknowledgedBatch> Batches { get; init; } = [];
}

/// <summary>A batch that a worker's entity acknowledged.</summary>
[ProtoContract]
public sealed record AcknowledgedBatch
{
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }
    [ProtoMember(2)] public required long Number { get; init; }
}
