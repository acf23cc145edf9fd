using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Failover;

/// <summary>The decisions about a task, each followed by what happened to the task before the next one.</summary>
public static class TaskExplanation
{
    /// <summary>The name of a stale report among the things that happened.</summary>
    public const string StaleReport = "stale_report";

    /// <summary>The entries that are shown. The decisions themselves show the other ones.</summary>
    private static readonly ImmutableHashSet<string> Shown =
    [
        "pin_ended", "completed", "released", "requeued", "cancelled", "extended",
        "late_result", "late_failure", "late_extension", "late_release",
    ];

    /// <summary>Adds each stale report and each shown entry of the task's history to the decision that it follows.</summary>
    /// <param name="known">What the coordinator knows about the task.</param>
    /// <param name="history">The task's history, oldest first; empty for a task that no queue holds.</param>
    public static ImmutableArray<FailoverDecision> Of(TaskDecisions known, ImmutableArray<TaskHistoryEntry> history)
    {
        var happened = history
            .Where(entry => Shown.Contains(entry.What))
            .Concat(known.StaleReports.Select(Entry))
            .OrderBy(entry => entry.At)
            .ToList();
        var decisions = ImmutableArray.CreateBuilder<FailoverDecision>(known.Decisions.Length);
        for (var number = 0; number < known.Decisions.Length; number++)
        {
            var from = known.Decisions[number].DecisionMetadata.DecidedAt;
            var to = number + 1 < known.Decisions.Length ? known.Decisions[number + 1].DecisionMetadata.DecidedAt : DateTimeOffset.MaxValue;
            decisions.Add(known.Decisions[number] with { Afterwards = [.. happened.Where(entry => entry.At >= from && entry.At < to)] });
        }

        return decisions.MoveToImmutable();
    }

    private static TaskHistoryEntry Entry(StaleReport stale) => new()
    {
        At = stale.At,
        What = StaleReport,
        WorkerId = stale.WorkerId,
        Epoch = stale.Epoch,
        Detail = $"{WireName.Of(stale.FailureType)}: {stale.Detail}",
    };
}
