using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Queues;

/// <summary>
/// What a queue partition owes to others: decisions to be made, outcomes to be counted. Nothing is remembered here but the state of
/// the last round: what was owed then and still is goes out again.
/// </summary>
internal sealed class QueueObligations(int partition, FailoverSettings settings, IFailoverRegions regions, IActorRef self)
{
    /// <summary>The most messages of each kind in one round, so that a mass loss does not flood the others.</summary>
    private const int MostInOneRound = 1000;

    private QueueState lastRound = QueueState.Empty;

    /// <summary>After an event is durable: asks for the decisions that it made necessary, sends the batches that it formed, and says
    /// what is free again where no batch can say so yet.</summary>
    public void SendNew(IStoredEvent @event, QueueState before, QueueState after)
    {
        foreach (var ended in EndedBy(@event))
        {
            AskForDecision(after, ended.TaskId);
        }

        foreach (var worker in OutcomeDelivery.TouchedBy(@event, before))
        {
            if (after.ShareOf(worker).Outbox.Number != before.ShareOf(worker).Outbox.Number)
            {
                SendOutcomes(after, worker);
            }
        }

        foreach (var freed in OutcomeDelivery.FreedBy(@event, partition))
        {
            if (after.ShareOf(freed.WorkerId).Outbox.Number == before.ShareOf(freed.WorkerId).Outbox.Number)
            {
                regions.Workers.Tell(freed, self);
            }
        }
    }

    /// <summary>Sends again what was owed at the last round already.</summary>
    public void SendAgain(QueueState durable)
    {
        var left = MostInOneRound;
        foreach (var task in durable.Deciding)
        {
            if (lastRound.Deciding.Contains(task) && left-- > 0)
            {
                AskForDecision(durable, task);
            }
        }

        left = MostInOneRound;
        foreach (var worker in durable.Owed)
        {
            if (lastRound.ShareOf(worker).Outbox is { IsUnderWay: true } outbox && outbox.Number == durable.ShareOf(worker).Outbox.Number && left-- > 0)
            {
                SendOutcomes(durable, worker);
            }
        }

        lastRound = durable;
    }

    /// <summary>After a recovery all that is owed goes out with the first round.</summary>
    public void OweAll(QueueState recovered)
    {
        lastRound = recovered;
        SendAgain(recovered);
    }

    private void AskForDecision(QueueState state, TaskId task)
    {
        if (LeaseFailures.OwedBy(state.Tasks.GetValueOrDefault(task), settings.Policy) is { } failure)
        {
            regions.Coordinators.Tell(new DecideFailure { Failure = failure }, self);
        }
    }

    private void SendOutcomes(QueueState state, WorkerId worker)
    {
        if (OutcomeDelivery.OwedTo(state, worker, partition) is { } outcomes)
        {
            regions.Workers.Tell(outcomes, self);
        }
    }

    private static ImmutableArray<EndedLease> EndedBy(IStoredEvent @event) => @event switch
    {
        LeasesEnded ended => ended.Leases,
        InstanceFenced fenced => fenced.Ended,
        TasksWentUnserved unserved => unserved.Tasks,
        _ => [],
    };
}
