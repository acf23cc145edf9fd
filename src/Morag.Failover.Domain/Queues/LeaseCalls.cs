using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>What a lease's holder may ask for beside completing and failing: giving back, and more time.</summary>
public static class LeaseCalls
{
    private static readonly TimeSpan LeastExtension = TimeSpan.FromSeconds(TaskLimits.MinExtensionSeconds);
    private static readonly TimeSpan MostExtension = TimeSpan.FromSeconds(TaskLimits.MaxExtensionSeconds);

    /// <summary>Gives leases back without blame; the same again is accepted again.</summary>
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
                results.Add(result with { Refused = Refused.Unknown($"there is no task {lease.TaskId}") });
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
                results.Add(wasReturned ? result : result with { Refused = Refused.Conflict(TaskDescription.WhyNotHeld(task, command.WorkerId, lease.Epoch)) });
                if (!wasReturned)
                {
                    late.Add(Late(LateCallKind.Release, lease.TaskId, command.WorkerId, lease.Epoch, command.Reason));
                }
            }
        }

        var noted = LateCalls.Note(state, late, now);
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

    /// <summary>Moves a lease's deadline on.</summary>
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
            return new(null, Of(result with { Refused = Refused.Unknown($"there is no task {command.TaskId}") }));
        }

        if (!Holds(task, command.WorkerId, command.Epoch))
        {
            var late = Late(LateCallKind.Extension, command.TaskId, command.WorkerId, command.Epoch, null);
            return new(
                LateCalls.Note(state, [late], now),
                Of(result with { Refused = Refused.Conflict(TaskDescription.WhyNotHeld(task, command.WorkerId, command.Epoch)) }));
        }

        var deadline = task.Lease!.Deadline + command.By;
        return new(
            new LeaseExtended { At = now, TaskId = command.TaskId, Epoch = command.Epoch, Deadline = deadline },
            Of(result with { Deadline = deadline }));
    }

    /// <summary>The state with the leases given back: each task is where it was in its queue.</summary>
    public static QueueState Apply(QueueState state, LeasesReleased @event)
    {
        var edit = new QueueEdit(state);
        foreach (var lease in @event.Leases)
        {
            Return(edit, edit.Get(lease.TaskId), @event.At, @event.Reason);
        }

        foreach (var call in @event.Late)
        {
            LateCalls.Note(edit, call, @event.At);
        }

        return edit.Done();
    }

    /// <summary>The state with the lease's new deadline.</summary>
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
        return edit.Done();
    }

    /// <summary>Puts a leased task back to its place, and tells its holder.</summary>
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
        edit.Owe(lease.WorkerId, new LeaseOutcome
        {
            TaskId = task.TaskId,
            Epoch = lease.Epoch,
            Kind = LeaseOutcomeKind.Returned,
            Ran = at - lease.GrantedAt,
            Reason = reason,
        });
    }

    /// <summary>Whether the worker holds the task under that lease.</summary>
    internal static bool Holds(TaskRecord task, WorkerId worker, LeaseEpoch epoch) =>
        task.State == TaskState.Leased && task.Lease!.Epoch == epoch && task.Lease.WorkerId == worker;

    private static LateCall Late(LateCallKind kind, TaskId task, WorkerId worker, LeaseEpoch epoch, string? detail) =>
        new() { Kind = kind, TaskId = task, WorkerId = worker, Epoch = epoch, Detail = string.IsNullOrEmpty(detail) ? null : detail };

    private static LeaseResults Of(LeaseResult result) => new() { Results = [result] };
}
