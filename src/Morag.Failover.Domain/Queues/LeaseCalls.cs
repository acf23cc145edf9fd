using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>Lets a worker return its leases or extend one.</summary>
public static class LeaseCalls
{
    private static readonly TimeSpan LeastExtension = TimeSpan.FromSeconds(TaskLimits.MinExtensionSeconds);
    private static readonly TimeSpan MostExtension = TimeSpan.FromSeconds(TaskLimits.MaxExtensionSeconds);

    /// <summary>Returns leases without blame. A repeated call is accepted again.</summary>
    public static Decision<LeaseResults> Decide(QueueState state, ReleaseLeases command, DateTimeOffset now)
    {
        var results = ImmutableArray.CreateBuilder<LeaseResult>(command.Leases.Length);
        var released = ImmutableArray.CreateBuilder<LeaseRef>(command.Leases.Length);
        var late = new List<LateCall>();
        var inThisCall = new HashSet<LeaseEpoch>();
        foreach (var lease in command.Leases)
        {
            var result = new LeaseResult { TaskId = lease.TaskId, Epoch = lease.Epoch };
            if (state.Tasks.GetValueOrDefault(lease.TaskId) is not { } task)
            {
                results.Add(result with { Refused = Refused.Unknown($"Task {lease.TaskId} does not exist.") });
            }
            else if (Holds(task, command.WorkerId, lease.Epoch))
            {
                if (inThisCall.Add(lease.Epoch))
                {
                    released.Add(lease);
                }

                results.Add(result);
            }
            else
            {
                var wasReturned = task.Lease is { Returned: true } last && last.Epoch == lease.Epoch && last.WorkerId == command.WorkerId;
                results.Add(wasReturned ? result : result with { Refused = NotHeld(task, command.WorkerId, lease.Epoch) });
                if (!wasReturned)
                {
                    late.Add(Late(LateCallKind.Release, lease.TaskId, command.WorkerId, lease.Epoch, command.Reason));
                }
            }
        }

        var noted = LateCallRules.Decide(state, late, now);
        return new(
            released.Count == 0
                ? noted
                : new LeasesReleased
                {
                    At = now,
                    WorkerId = command.WorkerId,
                    Leases = released.DrainToImmutable(),
                    Reason = command.Reason,
                    Late = noted?.Calls ?? [],
                },
            new LeaseResults { Results = results.DrainToImmutable() });
    }

    /// <summary>Moves a lease's deadline.</summary>
    public static Decision<LeaseResults> Decide(QueueState state, ExtendLease command, DateTimeOffset now)
    {
        var result = new LeaseResult { TaskId = command.TaskId, Epoch = command.Epoch };
        if (command.By < LeastExtension || command.By > MostExtension)
        {
            var rule = $"seconds must be {TaskLimits.MinExtensionSeconds} to {TaskLimits.MaxExtensionSeconds} (24 h)";
            return new(null, Of(result with { Refused = Refused.Invalid("seconds", rule) }));
        }

        if (state.Tasks.GetValueOrDefault(command.TaskId) is not { } task)
        {
            return new(null, Of(result with { Refused = Refused.Unknown($"Task {command.TaskId} does not exist.") }));
        }

        if (!Holds(task, command.WorkerId, command.Epoch))
        {
            var late = Late(LateCallKind.Extension, command.TaskId, command.WorkerId, command.Epoch, null);
            return new(
                LateCallRules.Decide(state, [late], now),
                Of(result with { Refused = NotHeld(task, command.WorkerId, command.Epoch) }));
        }

        var deadline = task.Lease!.Deadline + command.By;
        return new(
            new LeaseExtended { At = now, TaskId = command.TaskId, Epoch = command.Epoch, Deadline = deadline },
            Of(result with { Deadline = deadline }));
    }

    /// <summary>Returns the tasks to their places in their queues.</summary>
    public static QueueState Apply(QueueState state, LeasesReleased @event)
    {
        var edit = new QueueEdit(state);
        foreach (var lease in @event.Leases)
        {
            Return(edit, edit.Get(lease.TaskId), @event.At, @event.Reason);
        }

        foreach (var call in @event.Late)
        {
            LateCallRules.Record(edit, call, @event.At);
        }

        return edit.ToState();
    }

    /// <summary>Sets the lease's new deadline.</summary>
    public static QueueState Apply(QueueState state, LeaseExtended @event)
    {
        var edit = new QueueEdit(state);
        var task = edit.Get(@event.TaskId);
        edit.Put(task with
        {
            Lease = task.Lease! with
            {
                Deadline = @event.Deadline,
                Extended = task.Lease.Extended + (@event.Deadline - task.Lease.Deadline),
            },
            History = task.History.With(edit.HistoryKept, @event.At, TaskHistory.Extended, task.Lease.WorkerId, @event.Epoch),
        });
        return edit.ToState();
    }

    /// <summary>Returns a leased task to its place in its queue and reports the outcome to the worker.</summary>
    internal static void Return(QueueEdit edit, TaskRecord task, DateTimeOffset at, string reason)
    {
        var lease = task.Lease!;
        edit.Put(task with
        {
            State = TaskState.Queued,
            QueuedSince = at,
            Lease = lease with { Returned = true, Loss = null },
            History = task.History.With(edit.HistoryKept, at, TaskHistory.Released, lease.WorkerId, lease.Epoch, reason),
        });
        edit.AddOutcome(lease.WorkerId, new LeaseOutcome
        {
            TaskId = task.TaskId,
            Epoch = lease.Epoch,
            Kind = LeaseOutcomeKind.Returned,
            Ran = at - lease.GrantedAt,
            Reason = reason,
        });
    }

    internal static bool Holds(TaskRecord task, WorkerId worker, LeaseEpoch epoch) =>
        task.State == TaskState.Leased && task.Lease!.Epoch == epoch && task.Lease.WorkerId == worker;

    private static Refused NotHeld(TaskRecord task, WorkerId worker, LeaseEpoch epoch) =>
        Refused.Conflict(TaskDescription.WhyNotHeld(task, worker, epoch));

    private static LateCall Late(LateCallKind kind, TaskId task, WorkerId worker, LeaseEpoch epoch, string? detail) =>
        new() { Kind = kind, TaskId = task, WorkerId = worker, Epoch = epoch, Detail = string.IsNullOrEmpty(detail) ? null : detail };

    private static LeaseResults Of(LeaseResult result) => new() { Results = [result] };
}

/// <summary>A worker returned leases.</summary>
[ProtoContract(Name = "queue.leases-released")]
public sealed record LeasesReleased : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
    [ProtoMember(3)] public ImmutableArray<LeaseRef> Leases { get; init; } = [];
    [ProtoMember(4)] public string Reason { get; init; } = "";

    /// <summary>Leases in the same call that no longer hold their tasks.</summary>
    [ProtoMember(5)] public ImmutableArray<LateCall> Late { get; init; } = [];
}

/// <summary>A lease's deadline was moved.</summary>
[ProtoContract(Name = "queue.lease-extended")]
public sealed record LeaseExtended : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public required TaskId TaskId { get; init; }
    [ProtoMember(3)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>The new deadline.</summary>
    [ProtoMember(4)] public required DateTimeOffset Deadline { get; init; }
}
