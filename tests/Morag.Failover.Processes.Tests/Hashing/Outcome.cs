using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Hashing;

/// <summary>The expected outcome, whatever was killed on the way.</summary>
internal static class Outcome
{
    /// <summary>
    /// Every task has the right hash and was completed once, no two of its leases were valid at the same time, and every failure has one
    /// decision, which was applied.
    /// </summary>
    public static async Task IsRightAsync(NodeClient node, HashedFiles files, Fleet fleet)
    {
        await EndedAsync(node, files, fleet);
        var decided = 0;
        foreach (var task in files.Tasks)
        {
            var info = await node.TaskAsync(task);
            Assert.Equal(files.Hash(task), info.Result.Parse().RootElement.GetString());
            Assert.Single(info.History, entry => entry.What == "completed");
            LeasesDoNotOverlap(info);
            decided += DecisionsAreOneForEachLease(info, await node.ExplainAsync(task));
        }

        var failures = await node.FailuresAsync();
        Assert.Equal(decided, failures.Count);
        Assert.Equal(decided, (await node.StatisticsAsync()).TotalFailures);
    }

    private static async Task EndedAsync(NodeClient node, HashedFiles files, Fleet fleet)
    {
        var now = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                var tasks = await node.TasksAsync();
                var pending = (await node.FailuresAsync()).Count(failure => failure.DecisionMetadata.Outcome == DecisionOutcome.Pending);
                now = string.Join(
                    ", ",
                    tasks.GroupBy(task => (task.State, task.QueueType, task.WorkerId)).Select(group => $"{group.Count()} {group.Key}"))
                    + $"; {pending} decisions pending";
                return tasks.Count(task => task.State == TaskState.Succeeded) == files.Count && pending == 0;
            },
            () => $"all {files.Count} tasks have succeeded; now: {now}\n{fleet.Output}");
    }

    private static void LeasesDoNotOverlap(TaskInfo task)
    {
        LeaseEpoch? valid = null;
        var last = default(LeaseEpoch);
        foreach (var entry in task.History)
        {
            switch (entry.What)
            {
                case "leased":
                    Assert.True(valid is null, $"{task.TaskId} was leased as {entry.Epoch} while {valid} was valid");
                    Assert.True(entry.Epoch!.Value.CompareTo(last) > 0, $"{task.TaskId} was leased as {entry.Epoch} after {last}");
                    last = entry.Epoch.Value;
                    valid = last;
                    break;
                case "lease_ended" or "released" or "completed":
                    valid = null;
                    break;
                default:
                    break;
            }
        }
    }

    private static int DecisionsAreOneForEachLease(TaskInfo task, FailoverDecision[] decisions)
    {
        Assert.Equal(decisions.Length, decisions.DistinctBy(decision => decision.DecisionMetadata.FailureId).Count());
        Assert.Equal(
            task.History.Where(entry => entry.What == "lease_ended").Select(entry => entry.Epoch!.Value),
            decisions.Select(decision => decision.DecisionMetadata.Epoch));
        return decisions.Length;
    }
}
