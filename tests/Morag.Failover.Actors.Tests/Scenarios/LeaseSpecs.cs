using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>What is said about a lease, by whom and when, and what counts of it.</summary>
public sealed class LeaseSpecs(ITestOutputHelper output) : ScenarioSpec(output)
{
    [Fact]
    public async Task Should_lease_the_next_task_at_once_when_the_only_place_is_free_again()
    {
        var worker = await RegisterAsync("cpu-1", slots: 1);
        var tasks = await SubmitManyAsync(5, "page", "cpu_batch");

        foreach (var task in tasks)
        {
            var lease = await worker.LeaseOneAsync();
            Assert.Equal(task, lease.TaskId);
            Assert.Empty(await worker.LeaseAsync());
            await worker.CompleteAsync(lease);
        }
    }
}
