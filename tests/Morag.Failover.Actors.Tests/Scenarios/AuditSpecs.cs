using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>What operators do is listed once, whatever crashes between the change and the list.</summary>
public sealed class AuditSpecs(ITestOutputHelper output)
    : ScenarioSpec(output, Defaults with { Partitions = new() { Queues = 2, Coordinators = 2, DirectoryBuckets = 1 } })
{
    [Fact]
    public async Task Should_list_every_action_once_when_coordinators_were_down_and_everything_crashed()
    {
        var worker = await RegisterAsync("cpu-1");
        var tasks = await SubmitManyAsync(4, "page", "cpu_standard");
        await Owners.GoDownAsync(Owners.Coordinators);

        await Owners.AskAsync<Done>(Owners.Workers, new DrainWorker { WorkerId = worker.Id, Reason = "a new disk", By = "anna" });
        await Owners.AskAsync<QueueControlReport>(
            Owners.Queues, new PauseQueue { Queue = new("cpu_standard"), Reason = "bad model", By = "otto" });
        foreach (var task in tasks)
        {
            await Owners.AskAsync<Done>(Owners.Queues, new CancelTask { TaskId = task, Reason = "old", By = "anna" });
        }

        await CrashEverythingAsync();
        await PassAsync(TimeSpan.FromSeconds(10));
        await CrashEverythingAsync();
        await PassAsync(TimeSpan.FromSeconds(10));

        var entries = await AuditAsync();
        Assert.Equal(
            [
                "anna TaskCancel page-1", "anna TaskCancel page-2", "anna TaskCancel page-3", "anna TaskCancel page-4",
                "anna WorkerDrain cpu-1", "otto QueuePause cpu_standard",
            ],
            entries.Select(entry => $"{entry.By} {entry.Action} {entry.Target}").Order(StringComparer.Ordinal));
        Assert.Equal(entries.Count, entries.Select(entry => entry.Id).Distinct().Count());
    }

    private async Task<List<AuditEntry>> AuditAsync()
    {
        var entries = new List<AuditEntry>();
        for (var partition = 0; partition < Owners.Settings.Partitions.Coordinators; partition++)
        {
            entries.AddRange((await Owners.AskAsync<AuditPage>(Owners.Coordinators, new ListAudit { Partition = partition })).Entries);
        }

        return entries;
    }
}
