using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover.Guards;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// Decides what is done about a failure: the base rule chooses, the guards look at the choice one after the other, and the decision
/// says how it came about. Pure: the same case under the same settings always gives the same verdict.
/// </summary>
public static class FailoverPolicy
{
    /// <summary>The version of the rules, in every decision; changed with each change of the rules or the guards.</summary>
    public const string Version = "3";

    private static readonly ImmutableArray<IGuard> Guards =
        [new BudgetGuard(), new PoisonGuard(), new SameWorkerGuard(), new QualityLadderGuard(), new FallbackChainGuard()];

    /// <summary>Decides a case.</summary>
    public static PolicyVerdict Decide(FailureCase failure, FailoverSettings settings)
    {
        failure = failure with { Witnesses = Witnesses.Of(failure) };
        var (rule, choice) = BaseRule.For(failure, settings.Policy);
        var fired = ImmutableArray.CreateBuilder<GuardFired>();
        var lost = new List<Choice>();
        var excuses = ImmutableArray<ExcuseFailures>.Empty;
        foreach (var guard in Guards)
        {
            var verdict = guard.Check(failure, choice, settings);
            if (verdict.OverruledBecause is { } because)
            {
                fired.Add(new GuardFired { Guard = guard.Name, Overruled = choice.Strategy, Chose = verdict.Choice.Strategy, Reason = because });
                if (verdict.Choice.Strategy != choice.Strategy)
                {
                    lost.Add(choice with { Because = because });
                }
            }

            excuses = excuses.AddRange(verdict.Excuses);
            choice = verdict.Choice;
        }

        lost.RemoveAll(overruled => overruled.Strategy == choice.Strategy);
        lost.AddRange(Alternatives.Weighed(failure, choice, lost.ConvertAll(overruled => overruled.Strategy), settings.Policy));
        return Verdict(failure, settings, rule, choice, fired.ToImmutable(), lost, excuses);
    }

    private static PolicyVerdict Verdict(
        FailureCase failure,
        FailoverSettings settings,
        string rule,
        Choice choice,
        ImmutableArray<GuardFired> fired,
        List<Choice> lost,
        ImmutableArray<ExcuseFailures> excuses)
    {
        var task = failure.Task;
        var delay = Delays.Of(choice, task, settings.Policy);
        var (wait, basis) = ExpectedWait.For(choice, delay, failure, settings);
        var (confidence, evidence) = Confidence.In(choice.Strategy, failure);
        var saysNothing = SaysNothingOfTask(failure, settings.Policy);
        var action = ActionOf(choice, failure, settings.Policy);
        var decision = new FailoverDecision
        {
            TaskId = failure.Failure.TaskId,
            FailureEvent = failure.Failure,
            SelectedAction = action,
            AlternativeActions = [.. lost.Select(each => ActionOf(each, failure, settings.Policy))],
            Confidence = confidence,
            EstimatedDelay = wait.TotalMinutes,
            DecisionMetadata = new DecisionMetadata
            {
                FailureCount = failure.EarlierFailures + 1,
                WorkerReliability = failure.Worker is { Score: { TotalTasks: > 0 } score } ? score.SuccessRate : null,
                Executed = task.HeldHere,
                Outcome = task.HeldHere ? DecisionOutcome.Pending : DecisionOutcome.Advised,
                PolicyVersion = Version,
                Rule = rule,
                Guards = fired,
                Facts = FactsUsed.In(failure, saysNothing, basis, settings),
                Evidence = evidence,
                DecidedAt = failure.Now,
                Epoch = failure.Epoch,
                FailureId = failure.FailureId,
                Witnesses = failure.Witnesses,
            },
        };
        return new PolicyVerdict
        {
            Decision = decision,
            Reassign = task.Facts is { } facts
                ? ReassignFor(decision, saysNothing, facts) with { Delay = Delays.WithJitter(delay, failure.JitterDraw, settings.Policy) }
                : null,
            OpenBreaker = choice.Strategy == FailoverStrategy.CircuitBreaker ? OpenBreakerOf(failure, choice) : null,
            Excuses = excuses,
            SaysNothingOfTask = saysNothing,
        };
    }

    /// <summary>What the queue has to do for a decision, without jitter: also for one that it carried out and then lost.</summary>
    public static Reassign ReassignFor(FailoverDecision decision, bool saysNothingOfTask, TaskFacts facts)
    {
        var degrades = decision.SelectedAction.Strategy == FailoverStrategy.DegradeQuality;
        return new Reassign
        {
            TaskId = decision.TaskId,
            Epoch = decision.DecisionMetadata.Epoch,
            FailureId = decision.DecisionMetadata.FailureId,
            Action = decision.SelectedAction,
            Delay = TimeSpan.FromSeconds(decision.SelectedAction.RetryDelaySeconds),
            Avoid = ToAvoid(decision.SelectedAction.Strategy, decision.FailureEvent),
            Quality = degrades ? QualitySettings.Merge(facts.Quality, decision.SelectedAction.QualityDegradation) : null,
            QualityRung = facts.QualityRung + (degrades ? 1 : 0),
            SaysNothingOfTask = saysNothingOfTask,
            WorkersFault = Witnesses.WorkersFault(decision.DecisionMetadata.Witnesses),
            Cleared = Witnesses.Cleared(decision.DecisionMetadata.Witnesses, facts.History),
        };
    }

    /// <summary>The workers whose records a decision needs, beside that of the worker that failed now.</summary>
    public static IEnumerable<WorkerId> WitnessesToAsk(FailureEvent failure, ImmutableArray<TaskFailure> history) =>
        failure.WorkerId is { } worker ? Witnesses.ToAsk(failure.FailureType, worker, history) : [];

    private static FailoverAction ActionOf(Choice choice, FailureCase failure, PolicySettings settings) => new()
    {
        Strategy = choice.Strategy,
        TargetWorkerId = choice.Strategy == FailoverStrategy.RetrySameWorker ? failure.Failure.WorkerId : null,
        TargetQueue = choice.TargetQueue,
        RetryDelaySeconds = (int)Math.Round(Delays.Of(choice, failure.Task, settings).TotalSeconds),
        MaxRetries = choice.MaxRetries ?? failure.Task.MaxRetries,
        QualityDegradation = choice.Rung,
        Reason = choice.Because,
    };

    /// <summary>Who comes to the task last: the one that failed, where the strategy leaves it.</summary>
    private static WorkerId? ToAvoid(FailoverStrategy strategy, FailureEvent failure) =>
        strategy is FailoverStrategy.ReassignSameQueue or FailoverStrategy.CircuitBreaker ? failure.WorkerId : null;

    private static OpenBreakerByStrategy? OpenBreakerOf(FailureCase failure, Choice choice) => failure.Failure.WorkerId is { } worker
        ? new OpenBreakerByStrategy
        {
            WorkerId = worker,
            TaskId = failure.Failure.TaskId,
            FailureId = failure.FailureId,
            Reason = $"{choice.Because}: {Counted.Of(failure.ConsecutiveFailures, "failure")} in a row",
        }
        : null;

    private static bool SaysNothingOfTask(FailureCase failure, PolicySettings settings) =>
        failure.Planned
        || failure.Unserved
        || (failure.Type == FailureType.WorkerOffline
            && failure.Failure.WorkerId is { } worker
            && new MassLoss(failure, settings).Includes(worker, failure.Failure.OccurredAt));
}
