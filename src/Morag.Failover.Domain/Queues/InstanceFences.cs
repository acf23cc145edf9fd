using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>What a fence does to the leases of the worker that is fenced.</summary>
public static class InstanceFences
{
    /// <summary>
    /// Takes a fence; an older one than the last taken changes nothing, and is acknowledged all the same. Where it concerns more leases than
    /// one event may hold, the event is only a part: it is to be applied, and the same fence decided again at the same time.
    /// </summary>
    /// <param name="state">The state.</param>
    /// <param name="command">The fence.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="most">The most leases of one event.</param>
    /// <param name="now">The time.</param>
    public static Decision<FenceTaken> Decide(QueueState state, FenceInstance command, FailoverSettings settings, int most, DateTimeOffset now)
    {
        var reply = new FenceTaken { WorkerId = command.WorkerId, Partition = command.Partition, Number = command.Number };
        var share = state.ShareOf(command.WorkerId);
        if (command.Number <= share.LastFence)
        {
            return new(null, reply);
        }

        var kept = ImmutableArray.CreateBuilder<ProtectedLease>();
        var ended = ImmutableArray.CreateBuilder<EndedLease>();
        var freed = ImmutableArray.CreateBuilder<LeaseRef>();
        var isPart = false;
        foreach (var (epoch, held) in share.Held)
        {
            if (command.InstanceId is { } instance && held.InstanceId is { } holder && holder != instance)
            {
                continue;
            }

            var lease = state.Tasks[held.TaskId].Lease!;
            if (kept.Count + ended.Count + freed.Count == most)
            {
                isPart = true;
                break;
            }

            switch (command.Kind)
            {
                case FenceKind.Lost when LossOf(command, lease, settings, now) == lease.Loss:
                    break; // A part before this one protects it.
                case FenceKind.Lost when LossOf(command, lease, settings, now) is var loss && loss.EndsAt > now:
                    kept.Add(new ProtectedLease { TaskId = held.TaskId, Loss = loss });
                    break;
                case FenceKind.Lost or FenceKind.Proven:
                    ended.Add(new EndedLease { TaskId = held.TaskId, Failure = LeaseEndings.FailureOf(lease, LossOf(command, lease, settings, now), now) });
                    break;
                case FenceKind.Returned:
                case FenceKind.Lifted when lease.Loss is not null:
                    freed.Add(new LeaseRef { TaskId = held.TaskId, Epoch = epoch });
                    break;
            }
        }

        var fenced = new InstanceFenced
        {
            At = now,
            WorkerId = command.WorkerId,
            Number = command.Number,
            Kind = command.Kind,
            InstanceId = command.InstanceId,
            Protected = kept.DrainToImmutable(),
            Ended = ended.DrainToImmutable(),
            Freed = freed.DrainToImmutable(),
            IsPart = isPart,
            Reason = command.Reason,
        };
        return new(fenced, reply);
    }

    /// <summary>The state behind the fence.</summary>
    public static QueueState Apply(QueueState state, InstanceFenced @event)
    {
        var edit = new QueueEdit(state);
        foreach (var kept in @event.Protected)
        {
            var task = edit.Get(kept.TaskId);
            edit.Put(task with { Lease = task.Lease! with { Loss = kept.Loss } });
        }

        foreach (var ended in @event.Ended)
        {
            LeaseEndings.End(edit, ended, @event.At);
        }

        foreach (var freed in @event.Freed)
        {
            var task = edit.Get(freed.TaskId);
            if (@event.Kind == FenceKind.Returned)
            {
                LeaseCalls.Return(edit, task, @event.At, @event.Reason);
            }
            else
            {
                edit.Put(task with { Lease = task.Lease! with { Loss = null } });
            }
        }

        if (@event.IsPart)
        {
            return edit.Done();
        }

        var share = edit.Share(@event.WorkerId) with { LastFence = @event.Number };
        edit.Put(@event.WorkerId, @event.Kind switch
        {
            FenceKind.Lost or FenceKind.Proven => share.WithFenced(@event.InstanceId),
            FenceKind.Lifted => share.WithLifted(@event.InstanceId),
            _ => share,
        });
        return edit.Done();
    }

    /// <summary>
    /// A lease keeps min(worker timeout, its share of the time it has run) of silence: the longer it ran, the more is lost with it.
    /// </summary>
    private static PendingLoss LossOf(FenceInstance command, TaskLease lease, FailoverSettings settings, DateTimeOffset now)
    {
        var earned = (now - lease.GrantedAt) * settings.Queues.LeaseProtection;
        var protection = earned < settings.Workers.Timeout ? earned : settings.Workers.Timeout;
        return new PendingLoss
        {
            EndsAt = now - command.SilentFor + protection,
            Protection = protection,
            LossId = command.LossId,
            Planned = command.Planned,
            Reason = command.Reason,
        };
    }
}
