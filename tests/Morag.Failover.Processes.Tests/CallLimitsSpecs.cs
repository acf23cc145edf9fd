using System.Net;
using System.Text.Json;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests;

/// <summary>Calls beyond the limits of a worker or a coordinator are answered with 429 that names the limit.</summary>
public sealed class CallLimitsSpecs : IAsyncLifetime
{
    private const int WaitingCalls = 2;
    private const int UnderWay = 10;
    private const int Tasks = 60;

    private readonly TestFolder folder = new();
    private NodeProcess node = null!;

    public async Task InitializeAsync() => node = await NodeProcess.StartAsync(new()
    {
        DataFolder = folder.Path,
        Config = $$"""
            {{TestConfig.Text}}
            morag.failover.workers.max-waiting-calls = {{WaitingCalls}}
            morag.failover.policy.max-in-progress = {{UnderWay}}
            morag.failover.partitions.coordinators = 1
            """,
    });

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Should_reject_a_lease_call_when_too_many_calls_of_the_worker_wait()
    {
        await RegisterAsync(WaitingCalls);
        var calls = Enumerable.Range(0, WaitingCalls + 1)
            .Select(number => new { wait_seconds = 30, max_tasks = 1, request_id = $"call-{number}" })
            .Select(call => node.Client.PostAsync("/workers/w/lease", call))
            .ToList();

        // The last one to arrive is rejected, while the others wait.
        var refused = await Task.WhenAny(calls);
        var refusal = await Assert.ThrowsAsync<HttpRequestException>(() => refused);
        Assert.Equal(HttpStatusCode.TooManyRequests, refusal.StatusCode);
        Assert.Contains(
            "2 calls of this worker already wait for leases. "
            + "Wait for one of them to end, or raise morag.failover.workers.max-waiting-calls",
            refusal.Message,
            StringComparison.Ordinal);

        await SubmitAsync(WaitingCalls);
        var granted = await Task.WhenAll(calls.Except([refused]));
        Assert.Equal(["t-0", "t-1"], granted.Select(leases => leases.EnumerateArray().Single().GetProperty("task_id").GetString()).Order());
    }

    [Fact]
    public async Task Should_reject_failure_reports_and_decide_each_once_on_retry_when_too_many_are_being_decided()
    {
        await RegisterAsync(Tasks);
        await SubmitAsync(Tasks);
        var reports = new Dictionary<string, object>();
        await Eventually.HoldsAsync(
            async () =>
            {
                var leases = await node.Client.PostAsync("/workers/w/lease", new { wait_seconds = 1, max_tasks = Tasks });
                foreach (var lease in leases.EnumerateArray())
                {
                    var task = lease.GetProperty("task_id").GetString()!;
                    reports[task] = new
                    {
                        task_id = task,
                        epoch = lease.GetProperty("epoch").GetInt64(),
                        failure_type = "processing_error",
                        error_message = "bad",
                        event_id = $"failure-of-{task}",
                    };
                }

                return reports.Count == Tasks;
            },
            () => $"all {Tasks} tasks are leased; {reports.Count} are");

        var refused = await ReportAsync(reports);

        Assert.InRange(refused.Count, 1, Tasks - UnderWay);
        Assert.All(refused.Values, detail => Assert.Contains(
            "10 failures are being decided already. "
            + "Report this one again in a moment, or raise morag.failover.policy.max-in-progress",
            detail,
            StringComparison.Ordinal));
        await Eventually.HoldsAsync(
            async () => (refused = await ReportAsync(refused.Keys.ToDictionary(task => task, task => reports[task]))).Count == 0,
            () => $"{refused.Count} reports are still refused");
        Assert.Equal(Tasks, (await node.Client.StatisticsAsync()).TotalFailures);
        Assert.All(await node.Client.TasksAsync(), task => Assert.NotEqual(TaskState.Leased, task.State));
    }

    private Task<JsonElement> RegisterAsync(int slots) =>
        node.Client.PostAsync(
            "/workers/register", new { registration = new { worker_id = "w", capability = "cpu", max_concurrent_tasks = slots } });

    private Task SubmitAsync(int count) =>
        node.Client.SubmitAsync(Enumerable.Range(0, count).Select(number => new { task_id = $"t-{number}", queue = "cpu_standard" }));

    /// <summary>Reports failures in one call, and returns the details of the rejected ones.</summary>
    private async Task<Dictionary<string, string>> ReportAsync(Dictionary<string, object> reports)
    {
        if (reports.Count == 0)
        {
            return [];
        }

        var answers = await node.Client.PostAsync("/workers/w/results", reports.Values);
        return answers.EnumerateArray().Where(IsRefused).ToDictionary(
            answer => answer.GetProperty("task_id").GetString()!,
            answer => answer.GetProperty("error").GetProperty("detail").GetString()!);

        static bool IsRefused(JsonElement answer) =>
            answer.TryGetProperty("error", out var error)
            && error.ValueKind == JsonValueKind.Object
            && error.GetProperty("status").GetInt32() == 429;
    }
}
