using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Failover;

/// <content>
/// Questions about failures that have not happened. They collect the same facts as a real failure, and the same policy decides. Nothing is
/// stored.
/// </content>
public sealed partial class FailoverCoordinator
{
    /// <summary>The most such questions at once.</summary>
    private const int MaxForesights = 100;

    /// <summary>How long the asker waits for the facts. Gateways wait longer, so it hears what is missing.</summary>
    private static readonly TimeSpan ForeseenWithin = TimeSpan.FromSeconds(5);

    /// <summary>The draw for the jitter: the middle, because no delay is drawn.</summary>
    private const double MiddleDraw = 0.5;

    private static readonly Refused NoForesight = Refused.Unavailable("the queue or the worker's owner did not answer. Ask again");

    private readonly Dictionary<FailureId, Foresight> foresights = [];

    private void OnForesee(ForeseeDecision question)
    {
        if (foresights.Count >= MaxForesights)
        {
            Answer(Refused.LimitReached($"{MaxForesights} such questions are being answered already. Ask again in a moment"));
            return;
        }

        var id = FailureIds.OfImagined(Chance.NewId(chance));
        foresights[id] = new Foresight(question, new WaitingCaller(Sender, Now + ForeseenWithin), Failure: null);
        regions.Queues.Tell(
            new DescribeFailure
            {
                TaskId = question.TaskId,
                FailureId = id,
                FailureType = question.FailureType,
                WorkerId = question.WorkerId,
            },
            Self);
        CheckSoon();
    }

    private void OnDescribed(FailureDescribed described)
    {
        if (foresights.GetValueOrDefault(described.FailureId) is not { Failure: null } foresight
            || described.TaskId != foresight.Question.TaskId)
        {
            return;
        }

        if (described.Finished is { } finished)
        {
            EndForesight(described.FailureId, Refused.Conflict($"the task cannot fail any more: {finished}"));
            return;
        }

        var failure = Imagined(described, foresight.Question).AwaitRecords(State, Now);
        if (failure.ToRecordFailure() is not { } toRecord)
        {
            EndForesight(failure.Id, Foresee(failure));
            return;
        }

        foresights[failure.Id] = foresight with { Failure = failure };
        regions.Workers.Tell(toRecord with { IsImagined = true }, Self);
        AskForRecords(failure.Failure.TaskId, failure.Unheard);
    }

    private OpenFailure Imagined(FailureDescribed described, ForeseeDecision question)
    {
        var ofNewTask = question.Queue is not { } queue ? null : new LeaseFailure
        {
            FailureId = described.FailureId,
            TaskId = question.TaskId,
            Epoch = LeaseEpoch.None,
            WorkerId = question.WorkerId,
            FailureType = question.FailureType,
            OccurredAt = Now,
            Facts = new TaskFacts { Queue = queue, MaxRetries = settings.Policy.MaxRetries },
        };
        return (described.Failure ?? ofNewTask) is { } failure
            ? OpenFailure.OfLease(failure with { FailureId = described.FailureId })
            : OpenFailure.OfReport(
                described.FailureId,
                new ReportFailure { TaskId = question.TaskId, WorkerId = question.WorkerId, FailureType = question.FailureType },
                Now);
    }

    /// <summary>Returns whether the failure is an imagined one.</summary>
    private bool TryForesee(FailureRecorded recorded)
    {
        if (foresights.GetValueOrDefault(recorded.FailureId) is not { } foresight)
        {
            return false;
        }

        if (foresight.Failure is { Worker: null } failure)
        {
            ForeseeOnceComplete(failure.WithWorker(recorded));
        }

        return true;
    }

    private void HearForesights(TestimonyReply given)
    {
        var asking = foresights.Values
            .Select(foresight => foresight.Failure)
            .OfType<OpenFailure>()
            .Where(failure => failure.Failure.TaskId == given.TaskId && failure.Unheard.Contains(given.Testimony.WorkerId))
            .ToList();
        asking.ForEach(failure => ForeseeOnceComplete(failure.WithTestimony(given.Testimony)));
    }

    private void ForeseeOnceComplete(OpenFailure failure)
    {
        foresights[failure.Id] = foresights[failure.Id] with { Failure = failure };
        if (failure.IsComplete)
        {
            EndForesight(failure.Id, Foresee(failure));
        }
    }

    private FailoverDecision Foresee(OpenFailure failure)
    {
        var decision = FailureDecisions.Decide(State, failure, fleet.View, MiddleDraw, Now, settings).Reply;
        return decision with
        {
            DecisionMetadata = decision.DecisionMetadata with { Executed = false, Outcome = DecisionOutcome.Advised },
        };
    }

    private void EndForesight(FailureId id, IWireMessage answer)
    {
        if (foresights.Remove(id, out var foresight))
        {
            AfterWrites(() => foresight.Caller.Caller.Tell(answer), foresight.Caller.Caller);
        }
    }

    private void ExpireForesights(DateTimeOffset now)
    {
        foreach (var (id, foresight) in foresights.ToList())
        {
            if (foresight.Failure is { Worker: not null } failure && failure.WaitsUntil <= now)
            {
                EndForesight(id, Foresee(failure));
            }
            else if (foresight.Caller.Until <= now)
            {
                EndForesight(id, NoForesight);
            }
        }
    }

    /// <summary>A question that is not answered yet.</summary>
    /// <param name="Question">The question.</param>
    /// <param name="Caller">Who asked.</param>
    /// <param name="Failure">The imagined failure; null until the queue has described it.</param>
    private sealed record Foresight(ForeseeDecision Question, WaitingCaller Caller, OpenFailure? Failure);
}
