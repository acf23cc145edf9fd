using Akka.Event;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <content>
/// How a worker that has been gone for long is forgotten: the queues drop their shares first, then everything that is stored here goes at
/// once, then the directory's entry. The progress is not stored: the directory asks again until that entry is gone, so a
/// crash only starts it over. Any change to the worker in the meantime cancels it.
/// </content>
public sealed partial class WorkerReliabilityActor
{
    private ForgettingUnderWay? forgetting;
    private bool isErasing;

    private bool HandleForgetting(object message)
    {
        switch (message)
        {
            case ForgetWorker command:
                BeginForgetting(command);
                return true;
            case WorkerShareDropped dropped:
                OnShareDropped(dropped);
                return true;
            default:
                return false;
        }
    }

    private void BeginForgetting(ForgetWorker command)
    {
        if (!State.IsKnown)
        {
            AfterWrites(() => TellForgotten(command.Revision));
            return;
        }

        if (State.Revision != command.Revision)
        {
            var state = State;
            AfterWrites(() => SendEntry(state));
            return;
        }

        if (ForgettingWorkers.MayForget(State, command.IsBeyondKept, settings.Workers, Now) && !demand.AnyWaiting && held.Count == 0)
        {
            forgetting = new ForgettingUnderWay(State, [.. Enumerable.Range(0, settings.Partitions.Queues)]);
            foreach (var partition in forgetting.Left)
            {
                regions.Queues.Tell(new DropWorkerShare { Partition = partition, WorkerId = State.WorkerId }, Self);
            }
        }
    }

    private void OnShareDropped(WorkerShareDropped dropped)
    {
        if (forgetting is null || dropped.Kept || !ReferenceEquals(forgetting.Of, State))
        {
            forgetting = null;
            return;
        }

        forgetting.Left.Remove(dropped.Partition);
        if (forgetting.Left.Count == 0)
        {
            // What is sent from now on waits for the entity's next start, which finds nothing.
            Passivate();
        }
    }

    /// <inheritdoc />
    protected override void Stop()
    {
        if (forgetting is not { Left.Count: 0 } || !ReferenceEquals(forgetting.Of, State))
        {
            base.Stop();
            return;
        }

        isErasing = true;
        eraser.EraseAsync(PersistenceId, LastSequenceNr).PipeTo(Self, success: () => new Erased(null), failure: cause => new Erased(cause));
    }

    private void OnErased(Erased erased)
    {
        if (erased.Cause is { } cause)
        {
            Log.Warning(cause, "{0}: the worker is to be forgotten, but its stored history could not be removed; the directory tries again within the hour", PersistenceId);
        }
        else
        {
            TellForgotten(State.Revision);
        }

        base.Stop();
    }

    private void TellForgotten(long revision) =>
        regions.Directory.Tell(new WorkerForgotten { Bucket = bucket, WorkerId = State.WorkerId, Revision = revision }, Self);

    private sealed record ForgettingUnderWay(WorkerState Of, HashSet<int> Left);

    private sealed record Erased(Exception? Cause) : INoSerializationVerificationNeeded, IDeadLetterSuppression;
}
