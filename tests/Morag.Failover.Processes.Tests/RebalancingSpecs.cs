using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>A node joins one that works: owners of every kind move to it under load, and callers notice nothing.</summary>
public sealed partial class RebalancingSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private const int Workers = 8;
    private const int Coordinators = 16;
    private const int Moved = 4;

    // A call that gets lost waits for its answer longer than the client does.
    private const string Config =
        """

        morag.api.answer-timeout = 4m
        morag.failover.partitions.queues = 3
        akka.cluster.sharding.rebalance-interval = 1s
        """;

    private const string ShowsShards = "\nakka.loglevel = DEBUG\n";
    private const int OutputKept = 20_000_000;

    private readonly TestFolder folder = new();
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromMinutes(1) };
    private readonly ConcurrentQueue<string> violations = new();
    private readonly int[] ports = [RedisTestServer.FreePort(), RedisTestServer.FreePort()];
    private NodeProcess first = null!;
    private int submitted;
    private int reported;

    [ServerFact]
    public async Task Should_lose_no_call_and_blame_no_worker_when_a_node_joins()
    {
        await first.Client.SubmitAsync(
            Enumerable.Range(0, Workers).Select(number => (object)new { task_id = $"held-{number}", queue = "cpu_standard" }));
        var leases = new List<(string Worker, JsonElement Lease)>();
        foreach (var worker in Enumerable.Range(0, Workers).Select(NameOf))
        {
            await first.Client.PostAsync("/workers/register", new
            {
                registration = new { worker_id = worker, capability = "cpu", heartbeat_interval_seconds = 1 },
            });
            leases.Add((worker, (await first.Client.PostAsync($"/workers/{worker}/lease", new { wait_seconds = 20 }))[0]));
        }

        using var stop = new CancellationTokenSource();
        using var stopBeating = new CancellationTokenSource();
        var beating = Task.WhenAll(Enumerable.Range(0, Workers).Select(number => HeartbeatsAsync(NameOf(number), stopBeating.Token)));
        var load = Task.WhenAll(
        [
            .. Enumerable.Range(0, Coordinators).Select(number => ReportsAsync(number, stop.Token)),
            .. Enumerable.Range(0, 3).Select(number => SubmissionsAsync(number, stop.Token)),
        ]);
        await using var second = await NodeProcess.StartAsync(Settings(1) with { OutputKept = OutputKept });
        await Eventually.HoldsAsync(
            () => Task.FromResult(load.IsFaulted
                || (MovedTo(second, "coordinator") >= Moved && MovedTo(second, "worker") >= Moved
                    && MovedTo(second, "directory") > 0 && MovedTo(second, "queue") > 0)),
            () => "owners of every kind have moved");
        await stop.CancelAsync();
        await load;

        Assert.Equal(submitted + Workers, (await second.Client.TasksAsync()).Count);
        Assert.Equal(reported, (await second.Client.StatisticsAsync()).TotalFailures);
        foreach (var (worker, lease) in leases)
        {
            _ = await second.Client.PostAsync(
                $"/tasks/{lease.GetProperty("task_id").GetString()}/complete",
                new { worker_id = worker, epoch = lease.GetProperty("epoch").GetInt64() });
            Assert.Equal(Liveness.Alive, (await second.Client.WorkerAsync(worker)).Liveness);
            var score = await second.Client.GetAsync<WorkerReliabilityScore>($"/workers/{worker}/reliability");
            Assert.Equal(0, score.FailureCount);
        }

        await stopBeating.CancelAsync();
        await beating;
        Assert.Empty(violations);
    }

    public async Task InitializeAsync()
    {
        await server.FlushAsync();
        first = await NodeProcess.StartAsync(Settings(0));
    }

    public async Task DisposeAsync()
    {
        await first.DisposeAsync();
        http.Dispose();
        folder.Dispose();
    }

    private static string NameOf(int worker) => string.Create(CultureInfo.InvariantCulture, $"w-{worker}");

    private static int MovedTo(NodeProcess node, string kind) =>
        InitializedShard().Matches(node.Program.Output).Count(match => match.Groups[1].Value == kind);

    [GeneratedRegex(@"(\w+): Shard was initialized \[")]
    private static partial Regex InitializedShard();

    private NodeProcessSettings Settings(int number) => new()
    {
        Redis = server.ConnectionString,
        DataFolder = folder.Sub(string.Create(CultureInfo.InvariantCulture, $"node-{number}")),
        ClusterPort = ports[number],
        Seeds = [.. ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"))],
        Config = TestConfig.Text + Config + (number == 0 ? "\n" : ShowsShards),
    };

    private Task HeartbeatsAsync(string worker, CancellationToken stop) => RepeatAsync(
        _ => ($"/workers/{worker}/heartbeat", new { status = "online" }), static () => { }, stop);

    private Task ReportsAsync(int caller, CancellationToken stop) => RepeatAsync(
        number => ("/failures", new
        {
            event_id = "e",
            task_id = string.Create(CultureInfo.InvariantCulture, $"elsewhere-{caller}-{number}"),
            failure_type = "network_failure",
            error_message = "cut",
        }),
        () => Interlocked.Increment(ref reported),
        stop);

    private Task SubmissionsAsync(int caller, CancellationToken stop) => RepeatAsync(
        number => ("/tasks", new
        {
            task_id = string.Create(CultureInfo.InvariantCulture, $"t-{caller}-{number}"),
            queue = "cpu_batch",
        }),
        () => Interlocked.Increment(ref submitted),
        stop);

    /// <summary>Makes a call after the other. One that is answered with 503 is made once more, when the answer says so.</summary>
    private async Task RepeatAsync(Func<int, (string Path, object Body)> call, Action succeeded, CancellationToken stop)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var (path, body) = call(number);
            using var once = await CallAsync(path, body);
            using var again = once.StatusCode == HttpStatusCode.ServiceUnavailable ? await RetryAsync(once, path, body) : null;
            var answer = again ?? once;
            if (answer.IsSuccessStatusCode)
            {
                succeeded();
            }
            else
            {
                violations.Enqueue($"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
            }
        }
    }

    private async Task<HttpResponseMessage> RetryAsync(HttpResponseMessage refused, string path, object body)
    {
        await Task.Delay(refused.Headers.RetryAfter?.Delta ?? TimeSpan.Zero);
        return await CallAsync(path, body);
    }

    private Task<HttpResponseMessage> CallAsync(string path, object body) =>
        http.PostAsJsonAsync(new Uri(first.Address, "/api/v1" + path), body);
}
