using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Queues;

/// <content>
/// Pauses and limits that operators set while the cluster runs. One partition owns them and answers the operators; every partition stores
/// them, and obeys what it has stored.
/// </content>
public sealed partial class QueueActor
{
    /// <summary>
    /// The most tasks offered one by one to waiting workers when a queue opens. If there are more, each waiting worker is woken that can
    /// run any of them.
    /// </summary>
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
            case AuditRecorded recorded when State.Audit.Owes(recorded.UpTo):
                Change(new QueueAuditDelivered { UpTo = recorded.UpTo });
                return true;
            case AuditRecorded:
                return true;
            case QueueControlsApplied copied:
                OnControlsApplied(copied);
                return true;
            case OperatorsWait waiting:
                copies.AnswerOverdue(waiting.Revision);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Hands over what operators did, until a coordinator confirms it.</summary>
    private void SendAudit(QueueState durable)
    {
        if (durable.Audit.Message(PersistenceId, settings.Partitions.Coordinators) is { } message)
        {
            regions.Coordinators.Tell(message, Self);
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
                copies.Answer(operatorRef, (QueueControlReport)decided.Reply);
                var waiting = new OperatorsWait(controls.Revision);
                Timers.StartSingleTimer(waiting, waiting, ControlCopies.AnswerWithin);
            });
        }
        else
        {
            AfterWrites(() => operatorRef.Tell(
                decided.Reply is QueueControlReport report ? report with { NotYetOn = copies.NotYetOn } : decided.Reply));
        }
    }

    /// <summary>
    /// A store that fails over can lose the owner's last changes and keep the copies of them. The owner decides: it numbers its controls
    /// after the lost changes, so that the copies take them.
    /// </summary>
    private void OnControlsApplied(QueueControlsApplied applied)
    {
        if (applied.Revision > State.Controls.Revision)
        {
            var mine = State.Controls with { Revision = applied.Revision + 1 };
            Log.Warning(
                "{Owner}: the store has lost the last changes of pauses and limits of queues. Partition {Partition} knew change {Known}, "
                + "and the last one here is {Revision}. Every partition now uses what is stored here; look at 'morag queue list', and "
                + "repeat what is missing.",
                PersistenceId,
                applied.From,
                applied.Revision,
                State.Controls.Revision);
            Change(
                new QueueControlsChanged { At = Now, Revision = mine.Revision, Queues = mine.Queues },
                () => copies.Publish(mine, Now));
        }
        else
        {
            copies.Acknowledge(applied);
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

        var ready = QueueControlCommands.ReadyIn(State, opened).Take(MostOfferedOnOpening + 1).ToList();
        if (ready.Count > MostOfferedOnOpening)
        {
            demand.Workers.ForEach(WakeOne);
            return;
        }

        toOffer.AddRange(ready);
        foreach (var (worker, share) in State.Workers)
        {
            if (share.Pinned.Count > 0)
            {
                WakeOne(worker);
            }
        }
    }

    /// <summary>Operators have waited for the copies of a change.</summary>
    private sealed record OperatorsWait(long Revision) : INoSerializationVerificationNeeded;
}
