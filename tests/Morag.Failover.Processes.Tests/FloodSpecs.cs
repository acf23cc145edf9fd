using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests;

/// <summary>More submissions at once than the embedded Redis can hold: they wait or are rejected, and the node keeps working.</summary>
public sealed class FloodSpecs : IDisposable
{
    private const int Calls = 40;
    private const int TasksPerCall = 10;
    private const int PayloadLength = 200_000;

    private readonly TestFolder folder = new();
    private readonly ConcurrentQueue<string> refusals = [];

    [Fact]
    public async Task Should_reject_excess_tasks_and_complete_every_accepted_one_once_when_it_is_flooded()
    {
        await using var node = await NodeProcess.StartAsync(new() { DataFolder = folder.Path, Config = "morag.embedded.memory = 384MiB" });
        using var flooding = new CancellationTokenSource();
        var health = WatchAsync(node, flooding.Token);

        var accepted = (
            await Task.WhenAll(
                Enumerable.Range(0, Calls).Select(call => SubmitAsync(node.Client, call)))).SelectMany(tasks => tasks).ToHashSet();

        await flooding.CancelAsync();
        Assert.Equal([], await health);
        Assert.NotEmpty(accepted);
        Assert.NotEmpty(refusals);
        Assert.All(refusals, refusal => Assert.Matches(@"queues\.max-bytes|MiB of submissions wait for the store", refusal));

        var done = await WorkAsync(node.Client, accepted.Count);
        Assert.Equal(accepted.Order(StringComparer.Ordinal), done.Order(StringComparer.Ordinal));
        Assert.All(await node.Client.TasksAsync(), task => Assert.Equal(TaskState.Succeeded, task.State));
        Assert.False(node.Program.HasEnded);
        Assert.True(await node.Client.IsReadyAsync());
    }

    public void Dispose() => folder.Dispose();

    /// <summary>Submits many tasks in one call, and returns the accepted ones.</summary>
    private async Task<List<string>> SubmitAsync(NodeClient node, int call)
    {
        var tasks = Enumerable.Range(0, TasksPerCall)
            .Select(number => new { task_id = $"t-{call}-{number}", queue = "cpu_batch", payload = new string('x', PayloadLength) });
        try
        {
            var accepted = new List<string>();
            foreach (var answer in (await node.PostAsync("/tasks", tasks)).EnumerateArray())
            {
                if (answer.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
                {
                    Assert.Equal(429, error.GetProperty("status").GetInt32());
                    refusals.Enqueue(error.GetProperty("detail").GetString()!);
                }
                else
                {
                    accepted.Add(answer.GetProperty("task_id").GetString()!);
                }
            }

            return accepted;
        }
        catch (HttpRequestException refused) when (refused.StatusCode == HttpStatusCode.TooManyRequests)
        {
            refusals.Enqueue(refused.Message);
            return [];
        }
    }

    /// <summary>Polls readiness until it is cancelled, and returns the answers that were not ready without a reason.</summary>
    private static async Task<List<string>> WatchAsync(NodeProcess node, CancellationToken flooding)
    {
        using var http = new HttpClient { BaseAddress = node.Address };
        var unexplained = new List<string>();
        while (!flooding.IsCancellationRequested)
        {
            using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), CancellationToken.None);
            var body = await answer.Content.ReadAsStringAsync(CancellationToken.None);
            if (!answer.IsSuccessStatusCode && !body.Contains("\"failing\":{\"", StringComparison.Ordinal))
            {
                unexplained.Add(body);
            }

            await Task.Yield();
        }

        return unexplained;
    }

    /// <summary>Leases and completes tasks, and returns each as often as it was leased.</summary>
    private static async Task<List<string>> WorkAsync(NodeClient node, int tasks)
    {
        await node.PostAsync(
            "/workers/register", new { registration = new { worker_id = "w", capability = "cpu", max_concurrent_tasks = 20 } });
        var done = new List<string>();
        await Eventually.HoldsAsync(
            async () =>
            {
                var leases = await node.PostAsync(
                    "/workers/w/lease", new { wait_seconds = 1, max_tasks = 20, request_id = $"after-{done.Count}" });
                var results = leases.EnumerateArray()
                    .Select(lease => new
                    {
                        task_id = lease.GetProperty("task_id").GetString()!,
                        epoch = lease.GetProperty("epoch").GetInt64(),
                    })
                    .ToList();
                if (results.Count > 0)
                {
                    var answers = await node.PostAsync("/workers/w/results", results);
                    Assert.All(
                        answers.EnumerateArray(), answer => Assert.True(answer.GetProperty("accepted").GetBoolean(), answer.ToString()));
                    done.AddRange(results.Select(result => result.task_id));
                }

                return done.Count >= tasks;
            },
            () => $"all {tasks} accepted tasks are done; {done.Count} are");
        return done;
    }
}
