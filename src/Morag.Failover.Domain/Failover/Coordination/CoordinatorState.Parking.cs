using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <content>Parked tasks: their failures are kept, and the decisions that parked them are reviewed.</content>
public sealed partial record CoordinatorState
{
    /// <summary>The failures whose decisions parked tasks that are still parked, oldest first.</summary>
    public IEnumerable<KeptFailure> Parking => OfParked.Select(place => Failures[place.Id]).Where(failure => failure.Parks);

    /// <summary>Whether the failure's decision is to be reviewed when there is more evidence.</summary>
    public bool IsUnderReview(FailureId id) =>
        Find(id) is { Parks: true, Reversal: null } failure
        && ParkReview.IsReviewable(failure.Decision)
        && ReversalsOf(failure.Decision.TaskId) < ParkReview.MaxForOneTask;

    /// <summary>The failures that parked their tasks before a time, oldest first.</summary>
    public List<KeptFailure> ParkedBefore(DateTimeOffset time) =>
        [.. Parking.TakeWhile(failure => failure.Decision.FailureEvent.OccurredAt < time)];

    /// <summary>The queue says that a task is no longer parked or succeeded. Null when the coordinator knew that already.</summary>
    public TaskProgressed? OnTaskMovedOn(TaskMovedOn hint) => LastOf(hint.TaskId) is { } last && (hint.Succeeded ? !last.Held : last.Parks)
        ? new TaskProgressed { FailureId = last.Id, Succeeded = hint.Succeeded }
        : null;

    /// <summary>The queue says whether a task is still parked. Null when it is, or when the coordinator knew that it is not.</summary>
    public TaskProgressed? OnParkState(ParkState answer) => !answer.Parked && Find(answer.FailureId) is { Parks: true, IsOwed: false }
        ? new TaskProgressed { FailureId = answer.FailureId }
        : null;

    private int ReversalsOf(TaskId task) => ByTask.GetValueOrDefault(task, []).Count(id => Failures[id].Reversal is not null);

    /// <summary>Moves the task's failures to those of parked tasks, or to those that may be forgotten.</summary>
    private CoordinatorState Sorted(TaskId task)
    {
        if (!ByTask.TryGetValue(task, out var ids))
        {
            return this;
        }

        var places = ids.Select(id => Failures[id].Place);
        var parked = Failures[ids[^1]].Parks;
        return this with
        {
            OfParked = parked ? OfParked.Union(places) : OfParked.IsEmpty ? OfParked : OfParked.Except(places),
            Forgettable = parked ? Forgettable.Except(places) : Forgettable.Union(places),
        };
    }
}
