using System.Globalization;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover;

/// <summary>The facts that a decision was based on, by name.</summary>
internal static class FactsUsed
{
    public static ImmutableSortedDictionary<string, string> In(
        FailureCase failure, bool excludedFromBudgets, string expectedWait, FailoverSettings settings)
    {
        var facts = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var task = failure.Task;
        facts["held_here"] = task.HeldHere ? "true" : "false";
        facts["own_failures_before"] = Of(task.OwnFailures, task.MaxRetries);
        facts["fleet_failures_before"] = Of(task.FleetFailures, settings.Policy.MaxFleetFailures);
        facts["expected_wait"] = expectedWait;
        facts["jitter_draw"] = Text(failure.JitterDraw);
        AddIfKnown("queue", task.Queue?.Value);
        AddIfKnown("content_type", task.ContentType);
        AddIfKnown("loss_id", failure.LossId?.Value);
        AddIfKnown("same_worker_retries", task.SameWorkerRetries > 0 ? Text(task.SameWorkerRetries) : null);
        AddIfKnown("reassignments", task.Reassignments > 0 ? Text(task.Reassignments) : null);
        AddIfKnown("quality_rung", task.QualityRung > 0 ? Text(task.QualityRung) : null);
        AddIfKnown("planned", failure.Blame == LossBlame.Planned ? "true" : null);
        AddIfKnown("unobserved", failure.Blame == LossBlame.Unobserved ? "true: no healthy node saw the loss" : null);
        AddIfKnown("unserved", failure.Unserved ? "true" : null);
        AddIfKnown("excluded_from_budgets", excludedFromBudgets ? "true" : null);
        AddIfKnown("workers_fault", failure.IsWorkersFault ? "true: the worker fails every task" : null);
        AddIfKnown("earlier_workers_fault", failure.EarlierWorkersFault > 0 ? Text(failure.EarlierWorkersFault) : null);
        AddIfKnown("earlier_cleared", failure.EarlierCleared > 0 ? Text(failure.EarlierCleared) : null);
        var isComplete = failure.Fleet.IsComplete(settings.Partitions.DirectoryBuckets);
        AddIfKnown("fleet_view", isComplete ? null : "incomplete: workers may be missing from it");
        if (failure.Worker is { } worker)
        {
            facts["worker_successes"] = Of(worker.Score.TotalTasks - worker.Score.FailureCount, worker.Score.TotalTasks);
            facts["worker_consecutive_failures"] = Text(worker.Score.ConsecutiveFailures);
            facts["worker_breaker"] = WireName.Of(worker.Score.BreakerState);
            facts["worker_state"] = worker switch
            {
                { Unregistered: true } => "unregistered",
                { Registered: false } => "never registered",
                { Draining: true } => WireName.Of(worker.Liveness) + ", draining",
                _ => WireName.Of(worker.Liveness),
            };
        }

        return facts.ToImmutable();

        void AddIfKnown(string name, string? value)
        {
            if (value is not null)
            {
                facts[name] = value;
            }
        }
    }

    private static string Of(long count, long total) => string.Create(CultureInfo.InvariantCulture, $"{count} of {total}");

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
