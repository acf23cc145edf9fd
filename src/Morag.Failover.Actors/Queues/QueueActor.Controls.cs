using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Queues;

/// <content>
/// Pauses and limits that operators set while the cluster runs. One partition owns them and answers the operators; every partition stores
/// them, and obeys what it has stored.
/// </content>
public sealed partial class QueueActor
{
    /// <summary>The most tasks offered to waiting workers when a queue opens. The next calls of workers find the rest.</summary>
    private const int MostOfferedOnOpening = 10_000;

    private bool TryHandleControl(object message)
    {
        switch (message)
        {
            case PauseQueue pause:
                AnswerOperator(QueueControlCommands.Decide(State, pause, configured.Queues, Now));
                return true;
            case ResumeQueue resume:
                AnswerOperator(QueueControlCommands.Decide(State, resume, configured.Queues, Now));
                return true;
            case SetQueueLimits limits:
                AnswerOperator(QueueControlCommands.Decide(State, limits, configured.Queues, Now));
                return true;
            case GetQueueControl query:
                AnswerOperator(new(null, QueueControlCommands.Find(State, query.Queue, configured.Queues)));
                return true;
            case ApplyQueueControls apply:
                ChangeIfAny(QueueControlCommands.Decide(State, apply, Now));
                var applied = new QueueControlsApplied { From = partition, Revision = State.Controls.Revision };
                AfterWrites(() => regions.Queues.Tell(applied, Self));
                return true;
            case QueueControlsApplied copied:
                copies.Acknowledge(copied);
                return true;
            default:
                return false;
        }
    }

    private void AnswerOperator(Decision<IWireMessage> decided)
    {
        var operatorRef = Sender;
        if (decided.Event is QueueControlsChanged changed)
        {
            var controls = new ControlledQueues { Revision = changed.Revision, Queues = changed.Queues };
            Change(changed, () =>
            {
                copies.Publish(controls, Now);
                copies.Answer(operatorRef, (QueueControlReport)decided.Reply, Now);
            });
        }
        else
        {
            AfterWrites(() => operatorRef.Tell(
                decided.Reply is QueueControlReport report ? report with { NotYetOn = copies.NotYetOn } : decided.Reply));
        }
    }

    /// <summary>Obeys the controls in the state, which replaced others.</summary>
    private void UseControls(ControlledQueues before)
    {
        settings = configured with { Queues = State.Controls.ApplyTo(configured.Queues) };
        unserved.Use(settings.Queues);
        demand.Use(settings.Queues, State);
        SearchUnservedAtIntervals();
        var opened = QueueControlCommands.Opened(before, State.Controls);
        if (opened.IsEmpty || demand.IsEmpty)
        {
            return;
        }

        toOffer.AddRange(QueueControlCommands.ReadyIn(State, opened).Take(MostOfferedOnOpening));
        foreach (var (worker, share) in State.Workers)
        {
            if (share.Pinned.Count > 0)
            {
                WakeOne(worker);
            }
        }
    }
}
