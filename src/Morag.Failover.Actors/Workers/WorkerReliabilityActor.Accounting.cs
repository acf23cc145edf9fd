using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <content>The worker's score, its record and its breaker.</content>
public sealed partial class WorkerReliabilityActor
{
    private bool HandleAccounting(object message)
    {
        switch (message)
        {
            case RecordFailure { IsImagined: true } imagined:
                AnswerImagined(imagined);
                return true;
            case RecordFailure command:
                StoreIfAny(
                    FailureAccounting.RecordFailure(State, command, settings.Workers, Now),
                    after => regions.Coordinators.Tell(RecordedIn(after, command), Self));
                return true;
            case GetTestimony question:
                var record = State.Record;
                AfterWrites(() => regions.Coordinators.Tell(
                    new TestimonyReply { TaskId = question.TaskId, Testimony = record.On(question.WorkerId, question.TaskId) }, Self));
                return true;
            case ExcuseFailures command:
                StoreIfAny(FailureAccounting.Excuse(State, command, settings.Workers), _ => regions.Coordinators.Tell(
                    new FailuresExcused { WorkerId = command.WorkerId, TaskId = command.TaskId, Failures = command.Failures }, Self));
                return true;
            case OpenBreakerByStrategy command:
                StoreIfAny(FailureAccounting.OpenBreaker(State, command, settings.Workers, Now), _ => regions.Coordinators.Tell(
                    new BreakerOpenedByStrategy
                    {
                        WorkerId = command.WorkerId,
                        TaskId = command.TaskId,
                        FailureId = command.FailureId,
                    },
                    Self));
                return true;
            case LeaseOutcomes batch:
                OnOutcomes(batch);
                return true;
            case RecordSuccesses command:
                PersistAndReply(FailureAccounting.RecordSuccesses(State, command, Now));
                return true;
            case SetBreaker command:
                PersistAndReply(FailureAccounting.SetBreaker(State, command, Now));
                return true;
            case GetWorkerReliability:
                Answer(State.IsKnown ? State.ShownScore() : WorkerMembership.NotRegistered(State));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Answers how the worker would stand after a failure that has not happened.</summary>
    private void AnswerImagined(RecordFailure failure)
    {
        var after = FailureAccounting.RecordFailure(State, failure, settings.Workers, Now) is { } @event ? State.Apply(@event) : State;
        AfterWrites(() => regions.Coordinators.Tell(RecordedIn(after, failure), Self));
    }

    private static FailureRecorded RecordedIn(WorkerState state, RecordFailure failure) => new()
    {
        FailureId = failure.FailureId,
        TaskId = failure.TaskId,
        Worker = state.Standing(),
        Testimony = state.Record.On(failure.WorkerId, failure.TaskId),
    };
}
