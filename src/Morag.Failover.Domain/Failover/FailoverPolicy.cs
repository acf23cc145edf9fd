using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover.Guards;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// Decides how to handle a failure: the base rule chooses a strategy, the guards check the choice one after the other, and the decision
/// explains itself. Pure: the same case under the same settings always gives the same verdict.
/// </summary>
public static class FailoverPolicy
{
    /// <summary>The version of the rules, shown in every decision. It changes with each change of the rules or the guards.</summary>
    public const string Version = "3";

    internal static readonly ImmutableArray<IGuard> Guards =
        [new BudgetGuard(), new PoisonGuard(), new SameWorkerGuard(), new QualityLadderGuard(), new FallbackChainGuard()];

    /// <summary>Decides a case.</summary>
    public static PolicyVerdict Decide(FailureCase failure, FailoverSettings settings)
    {
        failure = failure with { Witnesses = Witnesses.Of(failure) };
        var rule = BaseRule.For(failure, settings.Policy);
        var choice = rule.Choose(settings.Policy);
        var fired = ImmutableArray.CreateBuilder<GuardFired>();
        var lost = new List<Choice>();
        var excuses = ImmutableArray<ExcuseFailures>.Empty;
        foreach (var guard in Guards)
        {
            var verdict = guard.Check(failure, choice, settings);
            if (verdict.OverruledBecause is { } because)
            {
                fired.Add(new GuardFired
                {
                    Guard = guard.Name,
                    Overruled = choice.Strategy,
                    Chose = verdict.Choice.Strategy,
                    Reason = because,
                });
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
        return Verdict(failure, settings, rule.Name, choice, fired.ToImmutable(), lost, excuses);
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
        var delay = RetryDelays.Of(choice, task, settings.Policy);
        var (wait, basis) = ExpectedWait.For(choice, delay, failure, settings);
        var (confidence, evidence) = Confidence.In(choice.Strategy, failure);
        var excluded = ExcludedFromBudgets(failure, settings.Policy);
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
                Facts = FactsUsed.In(failure, excluded, basis, settings),
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
                ? ReassignFor(decision, excluded, facts) with { Delay = RetryDelays.WithJitter(delay, failure.JitterDraw, settings.Policy) }
                : null,
            OpenBreaker = choice.Traits.OpensBreaker ? OpenBreakerOf(failure, choice) : null,
            Excuses = excuses,
            ExcludedFromBudgets = excluded,
        };
    }

    /// <summary>The order to the queue for a decision, without jitter. It can be built again for a queue that lost the order.</summary>
    public static Reassign ReassignFor(FailoverDecision decision, bool excludedFromBudgets, TaskFacts facts)
    {
        var strategy = FailoverStrategies.Of(decision.SelectedAction.Strategy);
        return new Reassign
        {
            TaskId = decision.TaskId,
            Epoch = decision.DecisionMetadata.Epoch,
            FailureId = decision.DecisionMetadata.FailureId,
            Action = decision.SelectedAction,
            Delay = TimeSpan.FromSeconds(decision.SelectedAction.RetryDelaySeconds),
            Avoid = strategy.AvoidsFailedWorker ? decision.FailureEvent.WorkerId : null,
            Quality = strategy.LowersQuality ? QualitySettings.Merge(facts.Quality, decision.SelectedAction.QualityDegradation) : null,
            QualityRung = facts.QualityRung + (strategy.LowersQuality ? 1 : 0),
            ExcludedFromBudgets = excludedFromBudgets,
            WorkersFault = Witnesses.WorkersFault(decision.DecisionMetadata.Witnesses),
            Cleared = Witnesses.Cleared(decision.DecisionMetadata.Witnesses, facts.History),
        };
    }

    /// <summary>The workers whose records a decision needs, in addition to that of the worker that failed.</summary>
    public static IEnumerable<WorkerId> WitnessesToAsk(FailureEvent failure, ImmutableArray<TaskFailure> history) =>
        failure.WorkerId is { } worker ? Witnesses.ToAsk(failure.FailureType, worker, history) : [];

    private static FailoverAction ActionOf(Choice choice, FailureCase failure, PolicySettings settings) => new()
    {
        Strategy = choice.Strategy,
        TargetWorkerId = choice.Traits.PinsToWorker ? failure.Failure.WorkerId : null,
        TargetQueue = choice.TargetQueue,
        RetryDelaySeconds = (int)Math.Round(RetryDelays.Of(choice, failure.Task, settings).TotalSeconds),
        MaxRetries = choice.MaxRetries ?? failure.Task.MaxRetries,
        QualityDegradation = choice.Rung,
        Reason = choice.Because,
    };

    private static OpenBreakerByStrategy? OpenBreakerOf(FailureCase failure, Choice choice) => failure.Failure.WorkerId is { } worker
        ? new OpenBreakerByStrategy
        {
            WorkerId = worker,
            TaskId = failure.Failure.TaskId,
            FailureId = failure.FailureId,
            Reason = $"{Counted.Of(failure.ConsecutiveFailures, "failure")} in a row, "
                + $"the last one {WireName.Of(failure.Type)} of task {failure.Failure.TaskId}",
        }
        : null;

    private static bool ExcludedFromBudgets(FailureCase failure, PolicySettings settings) =>
        failure.IsBlameless
        || failure.Unserved
        || (FailureTypes.Of(failure.Type).Poison == PoisonEvidence.WorkerLoss
            && failure.Failure.WorkerId is { } worker
            && new MassLoss(failure, settings).Includes(worker, failure.Failure.OccurredAt));
}
