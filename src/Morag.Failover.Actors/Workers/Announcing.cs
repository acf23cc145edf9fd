using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <content>Who is told what once it is durable: those who watch, the worker's session, and the owners that are owed it.</content>
public sealed partial class WorkerReliabilityActor
{
    private void Announce(WorkerState before, IStoredEvent @event, WorkerState after)
    {
        if (WorkerAnnouncements.Change(before, @event) is { } change)
        {
            Context.System.EventStream.Publish(change);
        }

        if (WorkerAnnouncements.Breaker(before, after, Now) is { } breaker)
        {
            Context.System.EventStream.Publish(breaker);
        }

        if (WorkerAnnouncements.Signal(before, @event, after) is { } signal)
        {
            session.Tell(signal);
        }

        if (after.LastFence > before.LastFence)
        {
            SendFences(after);
        }

        if (after.Revision > before.Revision)
        {
            SendEntry(after);
        }
    }

    private void SendOwed(WorkerState durable)
    {
        SendFences(durable);
        if (durable.Revision > entryTaken)
        {
            SendEntry(durable);
        }

        SendHeldQuestions();
        SendReturns();
    }

    private void SendFences(WorkerState durable)
    {
        if (durable.Fences.IsEmpty)
        {
            return;
        }

        for (var partition = 0; partition < settings.Partitions.Queues; partition++)
        {
            if (fences.Next(durable.Fences, partition) is { } fence)
            {
                regions.Queues.Tell(
                    new FenceInstance
                    {
                        Partition = partition,
                        WorkerId = durable.WorkerId,
                        Number = fence.Number,
                        Kind = fence.Kind,
                        InstanceId = fence.InstanceId,
                        LossId = fence.LossId,
                        SilentFor = Now - fence.SilentSince,
                        Planned = fence.Planned,
                        Reason = fence.Reason,
                    },
                    Self);
            }
        }
    }

    private void SendEntry(WorkerState durable) =>
        regions.Directory.Tell(new UpdateWorkerEntry { Bucket = bucket, Entry = durable.Entry() }, Self);

    private void OnFenceTaken(FenceTaken taken)
    {
        fences.Taken(taken.Partition, taken.Number);
        if (!State.Fences.IsEmpty && fences.TakenByAll >= State.Fences[0].Number)
        {
            StoreIfAny(new WorkerFencesTaken { UpTo = fences.TakenByAll });
        }

        if (fences.Next(State.Fences, taken.Partition) is not null)
        {
            var state = State;
            AfterWrites(() => SendFences(state));
        }
    }
}
