using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Processes.Tests.CommandLine;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;
using StackExchange.Redis;

namespace Morag.Failover.Processes.Tests;

/// <summary>
/// One owner of each kind whose writes the journal refuses, because something else has written under its id, and whose recovery then finds
/// a record that nobody can read.
/// </summary>
public sealed class WedgedOwnerSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private const int Queues = 2;
    private const int Coordinators = 16;
    private const int Buckets = 4;
    private const string NoEvent = "no event";

    private readonly TestFolder folder = new();
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private TwoNodes nodes = null!;
    private ConnectionMultiplexer redis = null!;

    [ServerFact]
    public async Task Should_be_shown_with_the_reason_until_they_recover_and_stop_nobody_elses_work()
    {
        var good = WorkerIn(bucket: 0, "good");
        var bad = WorkerIn(bucket: 0, "bad");
        _ = await RegisterAsync(good);
        _ = await RegisterAsync(bad);
        await nodes[0].Client.SubmitAsync([NewTask(TaskIn(0, "kept")), NewTask(TaskIn(1, "kept"))]);
        string[] wedged = ["coordinator-2", "directory-1", "queue-1", $"worker-{bad}"];
        foreach (var owner in wedged)
        {
            await WriteAsIfAnotherOwnerDidAsync(owner);
        }

        // Each of these calls makes its owner write.
        _ = await CallAsync(HttpMethod.Post, "/tasks", new[] { NewTask(TaskIn(1, "unlucky")) });
        _ = await CallAsync(HttpMethod.Post, "/failures", Failure(coordinator: 2));
        _ = await CallAsync(HttpMethod.Post, $"/workers/{bad}/drain", new { reason = "test" });
        _ = await CallAsync(HttpMethod.Post, "/workers/register", Registration(WorkerIn(bucket: 1, "late")));

        var alerts = await AlertsAsync(all => wedged.All(owner => all.Any(alert => alert.Owner == owner)));
        foreach (var alert in alerts)
        {
            Assert.Contains(alert.Owner, wedged);
            Assert.Contains("cannot be read", alert.Reason, StringComparison.Ordinal);
            Assert.InRange(alert.Failures, 1, 100);
            Assert.Contains(alert.Node, (string?[])[nodes[0].ClusterAddress, nodes[1].ClusterAddress]);
        }

        await ShowsAsync(wedged);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await CallAsync(HttpMethod.Get, "/scale", null)).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await CallAsync(HttpMethod.Get, "/scale?queue=cpu_batch", null)).Status);
        var summary = await CallAsync(HttpMethod.Get, "/dashboard", null);
        Assert.Equal(HttpStatusCode.OK, summary.Status);
        Assert.Equal(
            ["coordinator 2", "directory bucket 1", "queue partition 1"],
            summary.Body.GetProperty("incomplete").EnumerateArray().Select(part => part.GetString()).Order());
        await OthersWorkAsync(good);

        foreach (var owner in wedged)
        {
            await RepairAsync(owner);
        }

        _ = await AlertsAsync(all => all.Count == 0);
        var tasks = await nodes[1].Client.TasksAsync();
        Assert.Contains(tasks, task => task.TaskId.Value == TaskIn(1, "kept"));
        Assert.Equal(20, tasks.Count(task => task.TaskId.Value.Length == 32));
        Assert.Equal("ready\n", (await MoragCommand.RunAsync(nodes[0].Address, "health")).Output.ReplaceLineEndings("\n"));
    }

    public async Task InitializeAsync()
    {
        var config = string.Create(CultureInfo.InvariantCulture, $"{TestConfig.Text}\nmorag.failover.partitions.queues = {Queues}\n");
        nodes = await TwoNodes.StartAsync(server, folder, config);
        redis = await server.ConnectAsync();
    }

    public async Task DisposeAsync()
    {
        await nodes.DisposeAsync();
        await redis.DisposeAsync();
        http.Dispose();
        folder.Dispose();
    }

    /// <summary>Both nodes are ready and name the fixed owners, and the command line shows all of them.</summary>
    private async Task ShowsAsync(string[] wedged)
    {
        foreach (var node in new[] { nodes[0], nodes[1] })
        {
            await Eventually.HoldsAsync(
                async () =>
                {
                    using var ready = await http.GetAsync(new Uri(node.Address, "/health/ready"));
                    var answer = await ready.Content.ReadFromJsonAsync<JsonElement>();
                    Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
                    return wedged[..3].All(owner => answer.GetProperty("alerts") is { ValueKind: JsonValueKind.Object } shown
                        && shown.TryGetProperty(owner, out _));
                },
                () => "the node is ready and names the owners");
        }

        var listed = await MoragCommand.RunAsync(nodes[0].Address, "cluster", "alerts");
        Assert.Equal(0, listed.ExitCode);
        Assert.All(wedged, owner => Assert.Contains(owner, listed.Output, StringComparison.Ordinal));
        var health = await MoragCommand.RunAsync(nodes[0].Address, "health");
        Assert.Equal(0, health.ExitCode);
        Assert.Contains("queue-1 fails: ", health.Output, StringComparison.Ordinal);
        var tasks = await MoragCommand.RunAsync(nodes[0].Address, "task", "list");
        Assert.Contains("incomplete: without queue-1", tasks.Error, StringComparison.Ordinal);
    }

    /// <summary>Submissions, leases, outcomes, reports and reads work, and lists say what they lack.</summary>
    private async Task OthersWorkAsync(string worker)
    {
        var submitted = await CallAsync(
            HttpMethod.Post, "/tasks", Enumerable.Range(0, 20).Select(_ => new { queue = "cpu_batch" }).ToArray());
        Assert.All(submitted.Body.EnumerateArray(), task => Assert.Equal(JsonValueKind.Null, task.GetProperty("error").ValueKind));
        var lost = await CallAsync(HttpMethod.Get, $"/tasks/{TaskIn(1, "kept")}", null);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "queue-1"), (lost.Status, lost.Body.GetProperty("owner").GetString()));

        var lease = (await SucceedsAsync(HttpMethod.Post, $"/workers/{worker}/lease", new { wait_seconds = 5 })).Body[0];
        var (task, epoch) = (lease.GetProperty("task_id").GetString(), lease.GetProperty("epoch").GetInt64());
        _ = await SucceedsAsync(HttpMethod.Post, $"/tasks/{task}/complete", new { worker_id = worker, epoch });
        _ = await SucceedsAsync(HttpMethod.Post, "/failures", Failure(coordinator: 4));
        _ = await SucceedsAsync(HttpMethod.Post, $"/workers/{worker}/heartbeat", new { status = "online" });
        _ = await SucceedsAsync(HttpMethod.Get, $"/tasks/{TaskIn(0, "kept")}", null);

        foreach (var (path, lacks) in new[]
        {
            ("/tasks", "queue-1"), ("/queues", "queue-1"), ("/failures", "coordinator-2"), ("/workers", "directory-1"),
            ("/workers/stats", "directory-1"), ("/failures/statistics", "coordinator-2, directory-1"),
        })
        {
            Assert.Equal(lacks, (await SucceedsAsync(HttpMethod.Get, path, null)).Lacks);
        }
    }

    private async Task<List<OwnerAlert>> AlertsAsync(Func<List<OwnerAlert>, bool> suffice)
    {
        var seen = new List<OwnerAlert>();
        foreach (var node in new[] { nodes[0], nodes[1] })
        {
            await Eventually.HoldsAsync(
                async () => suffice(seen = await node.Client.GetAsync<List<OwnerAlert>>("/cluster/alerts")),
                () => $"the alerts are as expected; they are {string.Join('\n', seen)}");
        }

        return seen;
    }

    private async Task WriteAsIfAnotherOwnerDidAsync(string owner)
    {
        var database = redis.GetDatabase();
        var next = (long?)await database.StringGetAsync(Highest(owner)) + 1 ?? 1;
        await database.SortedSetAddAsync(Events(owner), NoEvent, next);
        await database.StringSetAsync(Highest(owner), next);
    }

    private async Task RepairAsync(string owner)
    {
        var database = redis.GetDatabase();
        var number = await database.SortedSetScoreAsync(Events(owner), NoEvent);
        await database.StringSetAsync(Highest(owner), (long)number!.Value - 1);
        await database.SortedSetRemoveAsync(Events(owner), NoEvent);
    }

    private Task<JsonElement> RegisterAsync(string worker) => nodes[0].Client.PostAsync("/workers/register", Registration(worker));

    private async Task<ApiAnswer> SucceedsAsync(HttpMethod method, string path, object? body)
    {
        var answer = await CallAsync(method, path, body);
        Assert.True((int)answer.Status < 300, $"{method} {path}: {answer.Status} {answer.Body}");
        return answer;
    }

    private async Task<ApiAnswer> CallAsync(HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, new Uri(nodes[0].Address, "/api/v1" + path))
        {
            Content = body is null ? null : JsonContent.Create(body),
        };
        using var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return new ApiAnswer(
            answer.StatusCode,
            text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text),
            answer.Headers.TryGetValues(ResponseHeaders.Incomplete, out var parts) ? string.Join("; ", parts) : null);
    }

    private static RedisKey Events(string owner) => $"journal:persisted:{owner}";

    private static RedisKey Highest(string owner) => $"journal:persisted:{owner}:highestSequenceNr";

    private static object NewTask(string id) => new { task_id = id, queue = "cpu_standard" };

    private static object Registration(string worker) =>
        new { registration = new { worker_id = worker, capability = "cpu", max_concurrent_tasks = 4 } };

    /// <summary>A failure of a task that no queue holds. The queue is asked first: with an even coordinator, it is queue-0.</summary>
    private static object Failure(int coordinator) => new
    {
        event_id = "e",
        task_id = IdOf("elsewhere", id => Partition.Of(new TaskId(id), Coordinators) == coordinator),
        failure_type = "network_failure",
        error_message = "cut",
    };

    private static string TaskIn(int partition, string name) => IdOf(name, id => Partition.Of(new TaskId(id), Queues) == partition);

    private static string WorkerIn(int bucket, string name) => IdOf(name, id => Partition.Of(new WorkerId(id), Buckets) == bucket);

    private static string IdOf(string name, Func<string, bool> fits) => Enumerable.Range(0, 1000)
        .Select(number => string.Create(CultureInfo.InvariantCulture, $"{name}-{number}"))
        .First(fits);

    private sealed record ApiAnswer(HttpStatusCode Status, JsonElement Body, string? Lacks);
}
