using Morag.Failover.Actors.Delivery;
using Morag.Failover.Actors.Metrics;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Queues;

/// <summary>
/// Sends what a queue partition must deliver, until it is acknowledged: failures to the coordinators, and batches of outcomes to the
/// workers' entities. Called only with durable states, in their order.
/// </summary>
internal sealed class QueueDeliveries(int partition, FailoverSettings settings, IFailoverRegions regions, IActorRef self)
{
    // The queue resends on a timer with the period resend-after. Its ticks jitter, and with a wait of a whole period a message could miss
    // its tick and wait for the next one.
    private const double ShareOfPeriod = 0.75;

    private readonly ResendSchedule<TaskId> failures = new(settings.Queues.ResendAfter * ShareOfPeriod);
    private readonly ResendSchedule<WorkerId> batches = new(settings.Queues.ResendAfter * ShareOfPeriod);

    /// <summary>Schedules everything that a recovered state has to deliver, and sends the first round.</summary>
    public void Resume(QueueState recovered, DateTimeOffset now)
    {
        foreach (var task in recovered.Deciding)
        {
            failures.MarkOverdue(task);
        }

        foreach (var worker in recovered.WorkersWithBatch)
        {
            batches.MarkOverdue(worker);
        }

        ResendDue(recovered, now);
    }

    /// <summary>Sends what an event requires, and stops resending what it settles.</summary>
    public void SendNew(IStoredEvent @event, QueueState before, QueueState after, DateTimeOffset now)
    {
        if (!failures.IsEmpty)
        {
            foreach (var task in PendingDecisions.EndedBy(@event))
            {
                failures.Acknowledge(task);
            }
        }

        foreach (var task in PendingDecisions.StartedBy(@event))
        {
            if (SendFailure(after, task))
            {
                failures.MarkSent(task, now);
            }
        }

        SendBatches(@event, before, after, now);
        if (OutcomeDelivery.HintFor(@event, after) is { } extended)
        {
            regions.Workers.Tell(extended, self);
        }

        foreach (var movedOn in ParkReversal.MovedOn(@event, before))
        {
            regions.Coordinators.Tell(movedOn, self);
        }
    }

    /// <summary>Resends what has not been acknowledged for too long.</summary>
    public void ResendDue(QueueState durable, DateTimeOffset now)
    {
        failures.ResendDue(now, task => ResendMetrics.Count(ResendMetrics.Failure, SendFailure(durable, task)));
        batches.ResendDue(now, worker => ResendMetrics.Count(ResendMetrics.Outcomes, SendBatch(durable, worker)));
    }

    private void SendBatches(IStoredEvent @event, QueueState before, QueueState after, DateTimeOffset now)
    {
        foreach (var worker in OutcomeDelivery.AffectedWorkers(@event, before))
        {
            var outbox = after.ShareOf(worker).Outbox;
            if (!outbox.IsInFlight)
            {
                batches.Acknowledge(worker);
            }
            else if (outbox.Number != before.ShareOf(worker).Outbox.Number && SendBatch(after, worker))
            {
                batches.MarkSent(worker, now);
            }
        }

        foreach (var hint in OutcomeDelivery.HintsFor(@event, partition))
        {
            // A batch that was just formed says the same.
            if (after.ShareOf(hint.WorkerId).Outbox.Number == before.ShareOf(hint.WorkerId).Outbox.Number)
            {
                regions.Workers.Tell(hint, self);
            }
        }
    }

    private bool SendFailure(QueueState state, TaskId task)
    {
        if (LeaseFailure.PendingOf(state.Tasks.GetValueOrDefault(task), settings.Policy) is not { } failure)
        {
            return false;
        }

        regions.Coordinators.Tell(new DecideFailure { Failure = failure }, self);
        return true;
    }

    private bool SendBatch(QueueState state, WorkerId worker)
    {
        if (OutcomeDelivery.BatchFor(state, worker, partition) is not { } batch)
        {
            return false;
        }

        regions.Workers.Tell(batch, self);
        return true;
    }
}
