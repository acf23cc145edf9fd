using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Accepting completions: one for each task.</summary>
public static class TaskCompletions
{
    /// <summary>
    /// Accepts a completion under the last lease that was granted, also where that lease was taken away since, unless the task is
    /// cancelled; the same again is accepted again. Others are late.
    /// </summary>
    public static Decision<LeaseResults> Decide(QueueState state, CompleteTasks command, QueueSettings settings, DateTimeOffset now)
    {
        var results = ImmutableArray.CreateBuilder<LeaseResult>(command.Completions.Length);
        var accepted = ImmutableArray.CreateBuilder<TaskCompletion>(command.Completions.Length);
        var late = ImmutableArray.CreateBuilder<LeaseRef>();
        var inThisCall = command.Completions.Length > 1 ? new HashSet<LeaseEpoch>() : null;
        foreach (var completion in command.Completions)
        {
            var refused = Refusal(state, command.WorkerId, completion, settings, out var task);
            results.Add(new LeaseResult { TaskId = completion.TaskId, Epoch = completion.Epoch, Refused = refused });
            if (refused is null)
            {
                if (task!.State != TaskState.Succeeded && (inThisCall is null || inThisCall.Add(completion.Epoch)))
                {
                    accepted.Add(completion);
                }
            }
            else if (refused.Reason == RefusalReason.Conflict && !LateCalls.IsNoted(task!, TaskHistory.LateResult, command.WorkerId, completion.Epoch))
            {
                late.Add(new LeaseRef { TaskId = completion.TaskId, Epoch = completion.Epoch });
            }
        }

        return new(
            accepted.Count + late.Count == 0
                ? null
                : new TasksCompleted { At = now, WorkerId = command.WorkerId, Completions = accepted.DrainToImmutable(), Late = late.DrainToImmutable() },
            new LeaseResults { Results = results.MoveToImmutable() });
    }

    /// <summary>The state with the tasks succeeded.</summary>
    public static QueueState Apply(QueueState state, TasksCompleted @event)
    {
        var edit = new QueueEdit(state);
        foreach (var completion in @event.Completions)
        {
            var task = edit.Get(completion.TaskId);
            var ran = @event.At - task.Lease!.GrantedAt;
            var counted = edit.Counters(task.Queue);
            edit.Put(task.Queue, counted with { Completed = counted.Completed + 1, Processed = counted.Processed + ran });
            edit.Put(task with
            {
                State = TaskState.Succeeded,
                Result = completion.Result,
                FinishedAt = @event.At,
                Pending = null,
                NotBefore = null,
                PinnedTo = null,
                PinnedUntil = null,
                Avoid = null,
                ParkedBecause = null,
                History = task.History.With(edit.HistoryKept, @event.At, TaskHistory.Completed, @event.WorkerId, completion.Epoch),
            });
            edit.Owe(@event.WorkerId, new LeaseOutcome
            {
                TaskId = completion.TaskId,
                Epoch = completion.Epoch,
                Kind = LeaseOutcomeKind.Succeeded,
                Ran = ran,
                Queue = task.Queue,
                ContentType = task.Submission.ContentType,
            });
        }

        foreach (var late in @event.Late)
        {
            var task = edit.Get(late.TaskId);
            edit.Put(task with { History = task.History.With(edit.HistoryKept, @event.At, TaskHistory.LateResult, @event.WorkerId, late.Epoch) });
        }

        return edit.Done();
    }

    private static Refused? Refusal(QueueState state, WorkerId worker, TaskCompletion completion, QueueSettings settings, out TaskRecord? task)
    {
        task = state.Tasks.GetValueOrDefault(completion.TaskId);
        if (task is null)
        {
            return Refused.Unknown($"there is no task {completion.TaskId}");
        }

        if (completion.Result.BrokenRule(settings.MaxPayload) is { } rule)
        {
            return Refused.Invalid("result", $"result {rule}");
        }

        return task.Lease is { } lease && lease.Epoch == completion.Epoch && lease.WorkerId == worker && task.State != TaskState.Cancelled
            ? null
            : Refused.Conflict(TaskDescription.WhyNotHeld(task, worker, completion.Epoch));
    }
}
