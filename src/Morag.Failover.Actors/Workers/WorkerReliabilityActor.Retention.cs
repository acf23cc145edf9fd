using Akka.Event;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <content>
/// Removes a worker that has been gone for <c>forget-after</c>: first its shares in the queues, then its stored history, and last its
/// entry in the directory. The progress is not stored. The directory repeats its request until the entry is gone, so after a crash the
/// removal starts over. Any change to the worker in the meantime cancels it.
/// </content>
public sealed partial class WorkerReliabilityActor
{
    private WorkerRemoval? removal;
    private bool isErasing;

    private bool HandleRetention(object message)
    {
        switch (message)
        {
            case ForgetWorker command:
                OnForgetWorker(command);
                return true;
            case WorkerShareDropped dropped:
                OnShareDropped(dropped);
                return true;
            default:
                return false;
        }
    }

    private void OnForgetWorker(ForgetWorker command)
    {
        if (!State.IsKnown)
        {
            AfterWrites(() => ReportForgotten(command.Revision));
            return;
        }

        if (State.Revision != command.Revision)
        {
            var state = State;
            AfterWrites(() => SendEntry(state));
            return;
        }

        if (WorkerRetention.MayForget(State, command.IsBeyondKept, settings.Workers, Now) && !demand.AnyWaiting && held.Count == 0)
        {
            removal = new WorkerRemoval(State, [.. Enumerable.Range(0, settings.Partitions.Queues)]);
            foreach (var partition in removal.Left)
            {
                regions.Queues.Tell(new DropWorkerShare { Partition = partition, WorkerId = State.WorkerId }, Self);
            }
        }
    }

    private void OnShareDropped(WorkerShareDropped dropped)
    {
        if (removal is null || dropped.Kept || !ReferenceEquals(removal.Of, State))
        {
            removal = null;
            return;
        }

        removal.Left.Remove(dropped.Partition);
        if (removal.Left.Count == 0)
        {
            // Messages that arrive from now on wait for the next start of the entity, which finds no history.
            Passivate();
        }
    }

    /// <inheritdoc />
    protected override void Stop()
    {
        if (removal is not { Left.Count: 0 } || !ReferenceEquals(removal.Of, State))
        {
            base.Stop();
            return;
        }

        isErasing = true;
        eraser.EraseAsync(PersistenceId, LastSequenceNr)
            .PipeTo(Self, success: () => new HistoryErased(null), failure: cause => new HistoryErased(cause));
    }

    private void OnErased(HistoryErased erased)
    {
        if (erased.Cause is { } cause)
        {
            Log.Warning(
                cause,
                "{Owner}: the stored history of this worker could not be removed. It is retried within the hour.",
                PersistenceId);
        }
        else
        {
            ReportForgotten(State.Revision);
        }

        base.Stop();
    }

    private void ReportForgotten(long revision) =>
        regions.Directory.Tell(new WorkerForgotten { Bucket = bucket, WorkerId = State.WorkerId, Revision = revision }, Self);

    private sealed record WorkerRemoval(WorkerState Of, HashSet<int> Left);

    private sealed record HistoryErased(Exception? Cause) : INoSerializationVerificationNeeded, IDeadLetterSuppression;
}
