using Morag.Failover.Actors.Metrics;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Queues;

/// <content>Persists decisions, and sends replies and messages once they are durable.</content>
public sealed partial class QueueActor
{
    private void Answer<TReply>(Decision<TReply> decided, IActorRef? waiting = null)
    {
        var replyTo = waiting ?? Sender;
        if (decided.Event is { } @event)
        {
            Change(@event, () => replyTo.Tell(decided.Reply), waiting);
        }
        else
        {
            AfterWrites(() => replyTo.Tell(decided.Reply), waiting);
        }
    }

    private void AnswerTo<TReply>(IActorRef region, Decision<TReply> decided)
    {
        var self = Self;
        if (decided.Event is { } @event)
        {
            Change(@event, () => region.Tell(decided.Reply, self));
        }
        else
        {
            AfterWrites(() => region.Tell(decided.Reply, self));
        }
    }

    private void Change(IStoredEvent @event, Action? afterwards = null, IActorRef? caller = null)
    {
        StoreProgressBefore(@event);
        var before = State;
        Commit(
            @event,
            after =>
            {
                afterwards?.Invoke();
                deliveries.SendNew(@event, before, after, Now);
                metrics.Record(@event, before);
                foreach (var recovered in TaskRecoveries.In(@event, before))
                {
                    Context.System.EventStream.Publish(recovered);
                }

                TaskSpans.Record(@event, before);
                if (@event is IAudited { Audit: not null })
                {
                    SendAudit(after);
                }

                AcceptHeld();
            },
            caller is null ? null : [caller]);
        if (!demand.IsEmpty)
        {
            toOffer.AddRange(State.JustReady);
        }

        if (@event is QueueControlsChanged)
        {
            UseControls(before.Controls);
        }
    }

    private void ChangeIfAny(IStoredEvent? @event)
    {
        if (@event is not null)
        {
            Change(@event);
        }
    }

    /// <summary>
    /// Acknowledgements of all workers are stored together at intervals, unless so many outcomes wait that the delay would hold them up.
    /// </summary>
    private void Acknowledge(OutcomesReceived received)
    {
        acknowledgements[received.WorkerId] = received;
        if (State.ShareOf(received.WorkerId).Outbox.HasManyWaiting)
        {
            StoreAcknowledgements();
        }
        else if (!Timers.IsTimerActive(nameof(StoreAcknowledgementsTick)))
        {
            Timers.StartSingleTimer(
                nameof(StoreAcknowledgementsTick), StoreAcknowledgementsTick.Instance, settings.Queues.OutcomeInterval);
        }
    }

    private void StoreAcknowledgements()
    {
        foreach (var received in acknowledgements.Values.Chunk(MostInOneEvent))
        {
            ChangeIfAny(OutcomeDelivery.Decide(State, received));
        }

        acknowledgements.Clear();
    }
}
