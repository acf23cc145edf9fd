using Morag.Failover.Actors.Metrics;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <content>
/// Tells others what has changed, once it is durable: live events, the worker's session, and the owners that must acknowledge it. What
/// they do not acknowledge is resent.
/// </content>
public sealed partial class WorkerReliabilityActor
{
    private void Announce(WorkerState before, IStoredEvent @event, WorkerState after)
    {
        if (WorkerAnnouncements.Change(before, @event) is { } change)
        {
            Context.System.EventStream.Publish(change);
            Log.Info("Worker {WorkerId}: {Change} ({Detail})", change.WorkerId, change.What, LogText.Of(change.Detail ?? "-"));
            FleetMetrics.OnChanged(change);
        }

        if (WorkerAnnouncements.Breaker(before, after, Now) is { } breaker)
        {
            Context.System.EventStream.Publish(breaker);
            Log.Info(
                "Worker {WorkerId}: its breaker is {Breaker} ({Reason})",
                breaker.WorkerId,
                WireName.Of(breaker.State),
                breaker.Reason.Length > 0 ? LogText.Of(breaker.Reason) : "-");
            if (before.Breaker.State != after.Breaker.State)
            {
                FleetMetrics.OnBreaker(after.Breaker.State);
            }
        }

        if (WorkerAnnouncements.Signal(before, @event, after) is { } signal)
        {
            session.Tell(signal);
        }

        if (after.LastFence > before.LastFence)
        {
            SendFences(after);
        }

        if (after.Audit.Last > before.Audit.Last)
        {
            SendAudit(after);
        }

        if (after.Revision > before.Revision)
        {
            SendEntry(after);
        }
    }

    /// <summary>Resends what was not acknowledged in time, once everything decided so far is durable.</summary>
    private void ResendDue()
    {
        List<UnacknowledgedMessage> due = [];
        unacknowledged.ResendDue(Now, message =>
        {
            var isOwed = IsOwed(message);
            if (isOwed)
            {
                due.Add(message);
            }

            return isOwed;
        });
        if (due.Count > 0)
        {
            var state = State;
            AfterWrites(() =>
            {
                // An acknowledgement may have arrived while the write was in flight.
                foreach (var message in due.Where(IsOwed))
                {
                    Resend(message, state);
                }
            });
        }
    }

    private bool IsOwed(UnacknowledgedMessage message) => message.Kind switch
    {
        UnacknowledgedKind.Entry => State.Revision > acknowledgedRevision,
        UnacknowledgedKind.Fence => fences.Owes(State.Fences, message.Partition),
        UnacknowledgedKind.HeldLeases => held.Awaited.Contains(message.Partition),
        UnacknowledgedKind.Returns => returns.AnyAt(message.Partition),
        UnacknowledgedKind.Audit => !State.Audit.Owed.IsEmpty,
        _ => throw new ArgumentOutOfRangeException(nameof(message), message.Kind, "not a kind of message"),
    };

    private void Resend(UnacknowledgedMessage message, WorkerState durable)
    {
        ResendMetrics.Count(WireName.Of(message.Kind));
        switch (message.Kind)
        {
            case UnacknowledgedKind.Entry:
                SendEntry(durable);
                break;
            case UnacknowledgedKind.Fence:
                SendFence(message.Partition, durable);
                break;
            case UnacknowledgedKind.HeldLeases:
                demand.MarkSilent(message.Partition, Now);
                SendHeldLeasesQuery(message.Partition);
                break;
            case UnacknowledgedKind.Returns:
                SendReturns(message.Partition);
                break;
            case UnacknowledgedKind.Audit:
                SendAudit(durable);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(message), message.Kind, "not a kind of message");
        }
    }

    private void SendFences(WorkerState durable)
    {
        for (var partition = 0; partition < settings.Partitions.Queues; partition++)
        {
            SendFence(partition, durable);
        }
    }

    private void SendFence(int partition, WorkerState durable)
    {
        if (fences.Next(durable.Fences, partition) is not { } fence)
        {
            return;
        }

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
                Blame = fence.Blame,
                Reason = fence.Reason,
            },
            Self);
        MarkSent(UnacknowledgedKind.Fence, partition);
    }

    private void SendEntry(WorkerState durable)
    {
        regions.Directory.Tell(new UpdateWorkerEntry { Bucket = bucket, Entry = durable.Entry() }, Self);
        MarkSent(UnacknowledgedKind.Entry, 0);
    }

    private void SendReturns(int partition)
    {
        foreach (var message in returns.Messages(partition, State.WorkerId))
        {
            regions.Queues.Tell(message, Self);
        }

        MarkSent(UnacknowledgedKind.Returns, partition);
    }

    private void RequestHeldLeases()
    {
        held.StartQuery(Now);
        foreach (var partition in held.Awaited.Order().ToList())
        {
            SendHeldLeasesQuery(partition);
        }
    }

    private void RequestHeldLeases(int partition)
    {
        held.StartQuery(partition, Now);
        SendHeldLeasesQuery(partition);
    }

    private void SendHeldLeasesQuery(int partition)
    {
        regions.Queues.Tell(
            new GetHeldLeases { Partition = partition, WorkerId = State.WorkerId, Number = held.NumberOf(partition) }, Self);
        MarkSent(UnacknowledgedKind.HeldLeases, partition);
    }

    private void MarkSent(UnacknowledgedKind kind, int partition)
    {
        unacknowledged.MarkSent(new(kind, partition), Now);
        due.ArmAt(unacknowledged.NextDue);
    }

    private void OnEntryAcknowledged(long revision)
    {
        acknowledgedRevision = Math.Max(acknowledgedRevision, revision);
        if (State.Revision <= acknowledgedRevision)
        {
            unacknowledged.Acknowledge(new(UnacknowledgedKind.Entry, 0));
        }
    }

    private void OnFenceAcknowledged(FenceAcknowledged acknowledged)
    {
        fences.Acknowledge(acknowledged.Partition, acknowledged.Number);
        if (!State.Fences.IsEmpty && fences.AcknowledgedByAll >= State.Fences[0].Number)
        {
            StoreIfAny(new WorkerFencesAcknowledged { UpTo = fences.AcknowledgedByAll });
        }

        if (acknowledged.Partition < 0 || acknowledged.Partition >= settings.Partitions.Queues)
        {
            return;
        }

        if (fences.Owes(State.Fences, acknowledged.Partition))
        {
            var state = State;
            AfterWrites(() => SendFence(acknowledged.Partition, state));
        }
        else
        {
            unacknowledged.Acknowledge(new(UnacknowledgedKind.Fence, acknowledged.Partition));
        }
    }
}
