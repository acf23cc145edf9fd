using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Accepts completions, one for each task.</summary>
public static class TaskCompletions
{
    /// <summary>
    /// Accepts a completion under the newest lease of its task, even if that lease has ended, unless the task is cancelled. A repeated
    /// completion is accepted again. Any other completion is late.
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
            else if (refused.Reason == RefusalReason.Conflict
                && !LateCallRules.IsRecorded(task!, TaskHistory.LateResult, command.WorkerId, completion.Epoch))
            {
                late.Add(new LeaseRef { TaskId = completion.TaskId, Epoch = completion.Epoch });
            }
        }

        return new(
            accepted.Count + late.Count == 0
                ? null
                : new TasksCompleted
                {
                    At = now,
                    WorkerId = command.WorkerId,
                    Completions = accepted.DrainToImmutable(),
                    Late = late.DrainToImmutable(),
                },
            new LeaseResults { Results = results.MoveToImmutable() });
    }

    /// <summary>Completes the tasks.</summary>
    public static QueueState Apply(QueueState state, TasksCompleted @event)
    {
        var edit = new QueueEdit(state);
        foreach (var completion in @event.Completions)
        {
            var task = edit.Get(completion.TaskId);
            var ran = @event.At - task.Lease!.GrantedAt;
            var counted = edit.CountersOf(task.Queue);
            edit.Put(task.Queue, counted with { Completed = counted.Completed + 1, Processed = counted.Processed + ran });
            edit.Put(task.Finished(TaskState.Succeeded, @event.At) with
            {
                Result = completion.Result,
                History = task.History.With(edit.HistoryKept, @event.At, TaskHistory.Completed, @event.WorkerId, completion.Epoch),
            });
            edit.AddOutcome(@event.WorkerId, new LeaseOutcome
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
            edit.Put(task with
            {
                History = task.History.With(edit.HistoryKept, @event.At, TaskHistory.LateResult, @event.WorkerId, late.Epoch),
            });
        }

        return edit.ToState();
    }

    private static Refused? Refusal(
        QueueState state, WorkerId worker, TaskCompletion completion, QueueSettings settings, out TaskRecord? task)
    {
        task = state.Tasks.GetValueOrDefault(completion.TaskId);
        if (task is null)
        {
            return Refused.Unknown($"Task {completion.TaskId} does not exist.");
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

/// <summary>Completions were accepted, and late ones rejected.</summary>
[ProtoContract(Name = "queue.tasks-completed")]
public sealed record TasksCompleted : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The accepted completions.</summary>
    [ProtoMember(3)] public ImmutableArray<TaskCompletion> Completions { get; init; } = [];

    /// <summary>Completions that came too late, for the history.</summary>
    [ProtoMember(4)] public ImmutableArray<LeaseRef> Late { get; init; } = [];
}
