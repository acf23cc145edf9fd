using System.Globalization;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover;

/// <summary>The facts that a decision used, by name, as they were at its time.</summary>
internal static class FactsUsed
{
    public static ImmutableSortedDictionary<string, string> In(FailureCase failure, bool excludedFromBudgets, string expectedWait, FailoverSettings settings)
    {
        var facts = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var task = failure.Task;
        facts["held_here"] = task.HeldHere ? "true" : "false";
        facts["own_failures_before"] = Of(task.OwnFailures, task.MaxRetries);
        facts["fleet_failures_before"] = Of(task.FleetFailures, settings.Policy.MaxFleetFailures);
        facts["expected_wait"] = expectedWait;
        facts["jitter_draw"] = Text(failure.JitterDraw);
        AddWhereSaid("queue", task.Queue?.Value);
        AddWhereSaid("content_type", task.ContentType);
        AddWhereSaid("loss_id", failure.LossId?.Value);
        AddWhereSaid("same_worker_retries", task.SameWorkerRetries > 0 ? Text(task.SameWorkerRetries) : null);
        AddWhereSaid("reassignments", task.Reassignments > 0 ? Text(task.Reassignments) : null);
        AddWhereSaid("quality_rung", task.QualityRung > 0 ? Text(task.QualityRung) : null);
        AddWhereSaid("planned", failure.Planned ? "true" : null);
        AddWhereSaid("unserved", failure.Unserved ? "true" : null);
        AddWhereSaid("excluded_from_budgets", excludedFromBudgets ? "true" : null);
        AddWhereSaid("workers_fault", failure.IsWorkersFault ? "true: the worker fails every task" : null);
        AddWhereSaid("earlier_workers_fault", failure.EarlierWorkersFault > 0 ? Text(failure.EarlierWorkersFault) : null);
        AddWhereSaid("earlier_cleared", failure.EarlierCleared > 0 ? Text(failure.EarlierCleared) : null);
        AddWhereSaid("fleet_view", failure.Fleet.IsComplete(settings.Partitions.DirectoryBuckets) ? null : "incomplete: workers may be missing from it");
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

        void AddWhereSaid(string name, string? value)
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
