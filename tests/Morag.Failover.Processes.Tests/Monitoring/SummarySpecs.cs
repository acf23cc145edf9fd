using System.Text.Json;
using Morag.Failover.Processes.Tests.CommandLine;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Monitoring;

/// <summary><c>GET /dashboard</c>: everything in one document.</summary>
public sealed class SummarySpecs(CommandLineNode node) : IClassFixture<CommandLineNode>
{
    [Fact]
    public async Task Should_tell_the_state_of_everything_and_what_happened_in_one_document()
    {
        await node.Client.PostAsync(
            "/workers/register", new { registration = new { worker_id = "summary", capability = "cpu", max_concurrent_tasks = 2 } });
        await node.Client.SubmitAsync([
            new { task_id = "summary-done", queue = "cpu_batch" },
            new { task_id = "summary-fails", queue = "cpu_batch" },
        ]);
        var leases = (await node.Client.PostAsync(
            "/workers/summary/lease", new { max_tasks = 2, wait_seconds = 20, request_id = "summary" })).EnumerateArray().ToList();
        await node.Client.PostAsync("/tasks/summary-done/complete", new { worker_id = "summary", epoch = EpochOf("summary-done") });
        await node.Client.PostAsync("/tasks/summary-fails/fail", new
        {
            worker_id = "summary",
            epoch = EpochOf("summary-fails"),
            failure_type = "network_failure",
            error_message = "spec",
            event_id = "summary-fails",
        });

        JsonElement summary = default;
        await Eventually.HoldsAsync(
            async () =>
            {
                summary = await node.Client.GetAsync<JsonElement>("/dashboard");
                return Counted("completed", "cpu_batch") == 1 && Counted("failures", "network_failure") == 1;
            },
            () => $"the task and the failure are counted: {summary}");

        Assert.Empty(summary.GetProperty("incomplete").EnumerateArray());
        Assert.Equal(1, summary.GetProperty("system").GetProperty("cluster").GetProperty("up").GetInt32());
        Assert.Equal(1, summary.GetProperty("workers").GetProperty("counts").GetProperty("total_workers").GetInt32());
        var worker = summary.GetProperty("workers").GetProperty("first")[0].GetProperty("registration");
        Assert.Equal("summary", worker.GetProperty("worker_id").GetString());
        Assert.Equal(
            ["summary-done", "summary-fails"],
            summary.GetProperty("recent_tasks").EnumerateArray().Select(task => task.GetProperty("task_id").GetString()).Order());
        Assert.Equal((24, 7), (summary.GetProperty("hourly").GetArrayLength(), summary.GetProperty("daily").GetArrayLength()));

        long EpochOf(string task) =>
            leases.Single(lease => lease.GetProperty("task_id").GetString() == task).GetProperty("epoch").GetInt64();

        // Over all hours, because one can end while this runs.
        long Counted(string what, string name) => summary.GetProperty("hourly").EnumerateArray()
            .Sum(hour => hour.GetProperty(what).TryGetProperty(name, out var count) ? count.GetInt64() : 0);
    }
}
