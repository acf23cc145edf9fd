using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Fences a worker: decides what happens to each of its leases.</summary>
public static class InstanceFences
{
    /// <summary>
    /// Decides a fence. A fence that is not newer than the last one changes nothing, but is acknowledged. If it concerns more leases than
    /// one event may hold, the event covers only a part: apply it, then decide the same fence again with the same time.
    /// </summary>
    /// <param name="state">The queues.</param>
    /// <param name="command">The fence.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="most">The most leases in one event.</param>
    /// <param name="now">The time.</param>
    public static Decision<FenceAcknowledged> Decide(
        QueueState state, FenceInstance command, FailoverSettings settings, int most, DateTimeOffset now)
    {
        var reply = new FenceAcknowledged { WorkerId = command.WorkerId, Partition = command.Partition, Number = command.Number };
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

            var task = state.Tasks[held.TaskId];
            var lease = task.Lease!;
            if (kept.Count + ended.Count + freed.Count == most)
            {
                isPart = true;
                break;
            }

            switch (command.Kind)
            {
                case FenceKind.Lost when LossOf(command, task, settings, now) == lease.Loss:
                    break; // A part before this one protects it.
                case FenceKind.Lost when LossOf(command, task, settings, now) is var loss && loss.EndsAt > now:
                    kept.Add(new ProtectedLease { TaskId = held.TaskId, Loss = loss });
                    break;
                case FenceKind.Lost or FenceKind.Proven:
                    var unprotected = LossOf(command, task, settings, now) with { Reason = command.Reason };
                    var ending = LeaseEndings.FailureOf(lease, unprotected, now);
                    ended.Add(new EndedLease { TaskId = held.TaskId, Failure = ending });
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

    /// <summary>Applies a fence.</summary>
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
            return edit.ToState();
        }

        var share = edit.ShareOf(@event.WorkerId) with { LastFence = @event.Number };
        edit.Put(@event.WorkerId, @event.Kind switch
        {
            FenceKind.Lost or FenceKind.Proven => share.WithFenced(@event.InstanceId),
            FenceKind.Lifted => share.WithLifted(@event.InstanceId),
            FenceKind.Returned => share,
            _ => throw new InvalidOperationException($"Unknown kind of fence: {WireName.Of(@event.Kind)}."),
        });
        return edit.ToState();
    }

    private static PendingLoss LossOf(FenceInstance command, TaskRecord task, FailoverSettings settings, DateTimeOffset now)
    {
        var protection = LossProtection.Of(task, settings, now);
        return new PendingLoss
        {
            EndsAt = now - command.SilentFor + protection.Time,
            Protection = protection.Time,
            LossId = command.LossId,
            Blame = command.Blame,
            Reason = $"{command.Reason}; {protection}",
        };
    }
}

/// <summary>A worker's instance was fenced.</summary>
[ProtoContract(Name = "queue.instance-fenced")]
public sealed record InstanceFenced : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
    [ProtoMember(3)] public required long Number { get; init; }
    [ProtoMember(4)] public required FenceKind Kind { get; init; }

    /// <summary>The fenced instance; null fences every instance.</summary>
    [ProtoMember(5)] public InstanceId? InstanceId { get; init; }

    /// <summary>Leases that continue under protection.</summary>
    [ProtoMember(6)] public ImmutableArray<ProtectedLease> Protected { get; init; } = [];

    /// <summary>Leases that ended in failure.</summary>
    [ProtoMember(7)] public ImmutableArray<EndedLease> Ended { get; init; } = [];

    /// <summary>Leases that were returned, or whose protection was lifted.</summary>
    [ProtoMember(8)] public ImmutableArray<LeaseRef> Freed { get; init; } = [];

    /// <summary>
    /// True if the fence concerns more leases than one event holds and further parts follow. The worker counts as fenced after the last
    /// part.
    /// </summary>
    [ProtoMember(10)] public bool IsPart { get; init; }

    [ProtoMember(9)] public string Reason { get; init; } = "";
}

/// <summary>A lost worker's lease that continues under protection.</summary>
[ProtoContract]
public sealed record ProtectedLease
{
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>How the lease ends if the worker does not come back.</summary>
    [ProtoMember(2)] public required PendingLoss Loss { get; init; }
}
