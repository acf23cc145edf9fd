using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Http;

/// <summary>A task that requires disk space is leased only to a worker that has enough.</summary>
public sealed class DiskSpaceSpecs : IAsyncLifetime
{
    private const double Needed = 120.5;

    private readonly TestFolder folder = new();
    private NodeProcess node = null!;

    [Theory]
    [InlineData(Needed, true)]
    [InlineData(120.5000001, true)]
    [InlineData(120.4999999, false)]
    [InlineData(0, false)]
    public async Task Should_lease_a_task_only_when_the_worker_has_the_disk_space_that_it_needs(double disk, bool leased)
    {
        await RegisterAsync("worker", disk);
        await SubmitAsync("needs-disk", new { disk_gb = Needed });
        await SubmitAsync("needs-nothing", null);

        Assert.Equal(leased ? ["needs-disk", "needs-nothing"] : (string[])["needs-nothing"], await LeaseAsync("worker"));
        Assert.Equal(leased ? TaskState.Leased : TaskState.Queued, (await node.Client.TaskAsync("needs-disk")).State);
    }

    [Fact]
    public async Task Should_wait_for_a_worker_with_enough_space_when_a_smaller_one_asks_first()
    {
        await RegisterAsync("small", Needed - 1);
        await RegisterAsync("large", Needed);
        await SubmitAsync("needs-disk", new { disk_gb = Needed });

        Assert.Empty(await LeaseAsync("small"));
        Assert.Equal(["needs-disk"], await LeaseAsync("large"));
    }

    public async Task InitializeAsync() => node = await NodeProcess.StartAsync(new() { DataFolder = folder.Path });

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        folder.Dispose();
    }

    private async Task RegisterAsync(string worker, double disk) => _ = await node.Client.PostAsync("/workers/register", new
    {
        registration = new { worker_id = worker, capability = "cpu", hardware = new { disk_space_gb = disk }, max_concurrent_tasks = 10 },
    });

    private Task SubmitAsync(string task, object? needs) =>
        node.Client.SubmitAsync([new { task_id = task, queue = "cpu_standard", resource_requirements = needs }]);

    private async Task<string[]> LeaseAsync(string worker) =>
    [
        .. (await node.Client.PostAsync($"/workers/{worker}/lease", new { max_tasks = 10, wait_seconds = 0 }))
            .EnumerateArray()
            .Select(lease => lease.GetProperty("task_id").GetString()!)
            .Order(StringComparer.Ordinal),
    ];
}
