using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <content>The operators' calls about the worker, and handing over what they did to a coordinator.</content>
public sealed partial class WorkerReliabilityActor
{
    private bool HandleOperator(object message)
    {
        switch (message)
        {
            case DrainWorker command:
                PersistAndReply(WorkerMembership.Drain(State, command, Now));
                return true;
            case ResumeWorker command:
                PersistAndReply(WorkerMembership.Resume(State, command, Now));
                pulse.RestartSilence(Now);
                return true;
            case TakeWorkerOffline command:
                PersistAndReply(WorkerMembership.TakeOffline(State, command, held.Shown, NewLoss(), pulse.SilentSince(Now), Now));
                return true;
            case UnregisterWorker command:
                PersistAndReply(WorkerMembership.Unregister(State, command, Now));
                AfterWrites(RefuseReplacedCallers);
                return true;
            case GetWorker:
                Answer(State.Registration is { } registration ? Info(registration) : WorkerMembership.NotRegistered(State));
                return true;
            case AuditRecorded recorded:
                OnAuditRecorded(recorded);
                return true;
            default:
                return false;
        }
    }

    private void SendAudit(WorkerState durable)
    {
        if (durable.Audit.Message(PersistenceId, settings.Partitions.Coordinators) is { } message)
        {
            regions.Coordinators.Tell(message, Self);
            MarkSent(UnacknowledgedKind.Audit, 0);
        }
    }

    private void OnAuditRecorded(AuditRecorded recorded)
    {
        if (State.Audit.Owes(recorded.UpTo))
        {
            unacknowledged.Acknowledge(new(UnacknowledgedKind.Audit, 0));
            StoreIfAny(new WorkerAuditDelivered { UpTo = recorded.UpTo }, SendAudit, []);
        }
    }
}
