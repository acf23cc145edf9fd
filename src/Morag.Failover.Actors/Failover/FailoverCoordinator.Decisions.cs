using Morag.Failover.Actors.Metrics;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Failover;

/// <content>Decisions, and the orders that are resent until they are carried out.</content>
public sealed partial class FailoverCoordinator
{
    private void Decide(OpenFailure failure)
    {
        var (@event, decision) = FailureDecisions.Decide(State, failure, fleet.View, chance.NextDouble(), Now, settings);
        open = open.Without(failure.Id);
        List<IActorRef> callers = [.. reporters.Remove(failure.Id), .. decisionWaiters.Remove((decision.TaskId, failure.Epoch))];
        Commit(
            @event!,
            _ =>
            {
                callers.ForEach(caller => caller.Tell(decision));
                Announce(decision);
                DecisionMetrics.Decided(decision, Now);
                CarryOut(failure.Id);
            },
            callers);
        ForgetWhatIsDue();
    }

    private void Announce(FailoverDecision decision)
    {
        Context.System.EventStream.Publish(new DecisionMade { Decision = decision });
        Log.Info(
            "Task {TaskId}, failure {FailureId} on worker {WorkerId}, {FailureType}: {Strategy}. {Reason}",
            decision.TaskId,
            decision.DecisionMetadata.FailureId,
            decision.FailureEvent.WorkerId?.Value ?? "-",
            WireName.Of(decision.FailureEvent.FailureType),
            WireName.Of(decision.SelectedAction.Strategy),
            LogText.Of(decision.SelectedAction.Reason));
    }

    private void CarryOut(FailureId id)
    {
        if (SendOwed(id))
        {
            unansweredActions.MarkSent(id, Now);
            CheckSoon();
        }
    }

    private bool SendOwed(FailureId id)
    {
        if (State.Find(id) is not { IsOwed: true } failure)
        {
            return false;
        }

        foreach (var order in failure.OwedByQueue)
        {
            regions.Queues.Tell(order, Self);
        }

        foreach (var order in failure.OwedByWorkers)
        {
            regions.Workers.Tell(order, Self);
        }

        return true;
    }

    private void OnReassigned(ReassignOutcome outcome) =>
        PersistAndPublish(FailureDecisions.OnReassigned(State, outcome, Now), () => ReviewLater(outcome.FailureId));

    private void PersistAndPublish(Decision<DecisionResolved?> decision, Action? afterwards = null)
    {
        if (decision is { Event: { } @event, Reply: { } resolved })
        {
            Commit(@event, _ =>
            {
                Context.System.EventStream.Publish(resolved);
                Log.Info(
                    "Task {TaskId}, failure {FailureId}: {Outcome}. {Detail}",
                    resolved.TaskId,
                    resolved.FailureId,
                    WireName.Of(resolved.Outcome),
                    LogText.Of(resolved.Detail));
                DecisionMetrics.Resolved(resolved.Outcome);
                afterwards?.Invoke();
            });
        }
    }
}
