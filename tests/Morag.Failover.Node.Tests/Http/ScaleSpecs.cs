using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>How much work there is, for those who add and remove workers.</summary>
public sealed class ScaleSpecs : IAsyncLifetime
{
    private HttpNode http = null!;

    public async Task InitializeAsync() => http = await HttpNode.Start();

    public async Task DisposeAsync() => await http.DisposeAsync();

    [Fact]
    public async Task Should_demand_slots_for_tasks_that_are_decided_and_for_none_that_wait_in_a_paused_queue()
    {
        http.Owners.Answer = message => message is GetQueueDemand { Partition: 0 }
            ? new QueueDemandReply
            {
                Queues =
                [
                    new() { Queue = new("cpu_standard"), Queued = 4, Leased = 2, ComingDue = 1, Deciding = 3 },
                    new() { Queue = new("cpu_batch"), Queued = 50, Leased = 5, ComingDue = 1, Deciding = 1, Paused = true },
                ],
            }
            : message is GetQueueDemand ? new QueueDemandReply() : GoodOwners.Answer(message);

        var scale = (await http.Call("GET", "/api/v1/scale")).Body;

        var demands = scale.GetProperty("queues").EnumerateArray().ToDictionary(
            queue => queue.GetProperty("queue").GetString()!, queue => queue.GetProperty("demand").GetInt32());
        Assert.Equal((10, 5), (demands["cpu_standard"], demands["cpu_batch"]));
        var cpu = scale.GetProperty("capabilities").EnumerateArray().Single(each => each.GetProperty("capability").GetString() == "cpu");
        Assert.Equal((15, 54, 4), (Number("demand"), Number("queued"), Number("deciding")));

        int Number(string field) => cpu.GetProperty(field).GetInt32();
    }
}
