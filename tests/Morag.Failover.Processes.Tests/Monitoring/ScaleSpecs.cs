using System.Text.Json;
using Morag.Failover.Processes.Tests.CommandLine;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Monitoring;

/// <summary>What <c>GET /scale</c> tells those who add and remove workers.</summary>
public sealed class ScaleSpecs(CommandLineNode node) : IClassFixture<CommandLineNode>
{
    [Fact]
    public async Task Should_say_how_much_work_there_is_and_which_workers_are_not_needed()
    {
        await RegisterAsync("scale-busy");
        await RegisterAsync("scale-idle");
        await RegisterAsync("scale-drained");
        await node.Client.SubmitAsync(Enumerable.Range(0, 4).Select(number => new { task_id = $"scale-{number}", queue = "cpu_batch" }));
        var leases = (await node.Client.PostAsync(
            "/workers/scale-busy/lease", new { max_tasks = 2, wait_seconds = 20, request_id = "scale" })).EnumerateArray().ToList();
        Assert.Equal(2, leases.Count);

        // A network failure is retried on the same worker after 30 s.
        var delayed = leases[0].GetProperty("task_id").GetString();
        await node.Client.PostAsync($"/tasks/{delayed}/fail", new
        {
            worker_id = "scale-busy",
            epoch = leases[0].GetProperty("epoch").GetInt64(),
            failure_type = "network_failure",
            error_message = "spec",
            event_id = "scale-fails",
        });
        await node.Client.PostAsync("/workers/scale-drained/drain", new { reason = "spec" });

        JsonElement scale = default;
        await Eventually.HoldsAsync(
            async () => Names(WorkersOf(scale = await node.Client.GetAsync<JsonElement>("/scale?within=600s")), "safe_to_stop")
                is ["scale-drained"],
            () => $"the drained worker is safe to stop: {scale}");

        var queue = scale.GetProperty("queues").EnumerateArray().Single(each => each.GetProperty("queue").GetString() == "cpu_batch");
        Assert.Equal((2, 1, 1, 4), Numbers(queue));
        Assert.True(queue.GetProperty("oldest_seconds").GetDouble() > 0);
        Assert.Equal((2, 1, 1, 4), Numbers(OfCpu(scale.GetProperty("capabilities"))));
        var workers = WorkersOf(scale);
        Assert.Equal((3, 2), (workers.GetProperty("alive").GetInt32(), workers.GetProperty("available").GetInt32()));
        Assert.Equal(["scale-idle"], Names(workers, "idle"));

        // What a scaler reads: one number of one queue. The retry is beyond this horizon.
        var one = await node.Client.GetAsync<JsonElement>("/scale?queue=cpu_batch&within=1");
        Assert.Equal((2, 1, 0, 3), Numbers(one));
    }

    private static (int Queued, int Leased, int ComingDue, int Demand) Numbers(JsonElement work) => (
        work.GetProperty("queued").GetInt32(),
        work.GetProperty("leased").GetInt32(),
        work.GetProperty("coming_due").GetInt32(),
        work.GetProperty("demand").GetInt32());

    private static JsonElement WorkersOf(JsonElement scale) => OfCpu(scale.GetProperty("workers"));

    private static JsonElement OfCpu(JsonElement list) =>
        list.EnumerateArray().Single(each => each.GetProperty("capability").GetString() == "cpu");

    private static string[] Names(JsonElement workers, string list) =>
        [.. workers.GetProperty(list).EnumerateArray().Select(name => name.GetString()!)];

    private Task<JsonElement> RegisterAsync(string worker) => node.Client.PostAsync(
        "/workers/register", new { registration = new { worker_id = worker, capability = "cpu", max_concurrent_tasks = 4 } });
}
