using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// A third node joins two others under a light load. Meanwhile each entity of every kind is called all the time, through both of the first
/// nodes, and a queue partition holds many tasks. Measures the longest gap between two answers of one entity, and calls that failed twice.
/// </summary>
internal sealed class Join(int rounds, int tasks) : IScenario
{
    private const int QueuePartitions = 4;
    private const int Coordinators = 16;
    private const int Buckets = 4;
    private const int Workers = 20;
    private const int FirstEntityOfMany = 0;

    // Rebalancing looks for something to move every ten seconds, and moves part of it each time.
    private static readonly TimeSpan Rebalancing = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Seldom = TimeSpan.FromMilliseconds(120);

    public string Name => "join";

    public async Task MeasureAsync(Measurement measurement)
    {
        var worst = new SortedDictionary<string, Gap>(StringComparer.Ordinal);
        var (failed, failedTwice, slow, calls) = (0, 0, 0, 0);
        for (var round = 0; round < rounds; round++)
        {
            foreach (var entity in await RoundAsync())
            {
                var gap = entity.LongestGap();
                worst[entity.Kind] = worst.TryGetValue(entity.Kind, out var before) && before.Seconds > gap.Seconds ? before : gap;
                calls += entity.Calls.Count;
                failed += entity.Calls.Count(call => !call.Succeeded);
                slow += entity.Calls.Count(call => Stopwatch.GetElapsedTime(call.Begun, call.Ended) > TimeSpan.FromSeconds(1));
                failedTwice += entity.Calls.Zip(entity.Calls.Skip(1)).Count(pair => !pair.First.Succeeded && !pair.Second.Succeeded);
            }
        }

        foreach (var (kind, gap) in worst)
        {
            measurement.Below($"{kind}_longest_gap_s", gap.Seconds, 1);
            await Console.Error.WriteLineAsync($"{kind}: {gap}");
        }

        measurement.Add("calls", calls);
        measurement.Add("calls_slower_than_1_s", slow);
        measurement.Add("calls_failed", failed);
        measurement.Exactly("calls_failed_again_after_retry", failedTwice, 0);
    }

    private async Task<List<Entity>> RoundAsync()
    {
        var folder = Directory.CreateTempSubdirectory("morag-benchmark-");
        await using var redis = new RedisServer { AppendFsync = AppendFsync.EverySecond };
        await redis.InitializeAsync();
        var ports = Enumerable.Range(0, 3).Select(_ => RedisTestServer.FreePort()).ToArray();
        NodeProcessSettings SettingsOf(int node) => new()
        {
            Redis = redis.ConnectionString,
            DataFolder = Path.Combine(folder.FullName, ports[node].ToString(CultureInfo.InvariantCulture)),
            ClusterPort = ports[node],
            Seeds = [.. ports.Select(other => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{other}"))],
            Config = string.Create(CultureInfo.InvariantCulture, $"morag.failover.partitions.queues = {QueuePartitions}"),
        };
        var nodes = new List<NodeProcess>();
        try
        {
            nodes.Add(await NodeProcess.StartAsync(SettingsOf(0)));
            nodes.Add(await NodeProcess.StartAsync(SettingsOf(1)));
            await FillAsync(nodes[0]);
            var entities = await EntitiesAsync(nodes[0]);
            await Task.Delay(Rebalancing);

            using var stop = new CancellationTokenSource();
            var probes = entities.Select((entity, number) => entity.CallAsync(nodes[number % 2].Address, stop.Token)).ToArray();
            await Task.Delay(TimeSpan.FromSeconds(2));
            foreach (var entity in entities)
            {
                entity.Calls.Clear();
            }

            nodes.Add(await NodeProcess.StartAsync(SettingsOf(2)));
            await Task.Delay(Rebalancing);
            await stop.CancelAsync();
            await Task.WhenAll(probes);
            foreach (var node in nodes.Take(2))
            {
                foreach (var line in node.Program.Output.Split('\n').Where(line => line.Contains("Dropping", StringComparison.Ordinal)))
                {
                    await Console.Error.WriteLineAsync(line);
                }
            }

            return entities;
        }
        finally
        {
            foreach (var node in nodes)
            {
                await node.DisposeAsync();
            }

            folder.Delete(recursive: true);
        }
    }

    private async Task FillAsync(NodeProcess node)
    {
        foreach (var batch in Enumerable.Range(0, tasks).Chunk(1000))
        {
            await node.Client.SubmitAsync(
                batch.Select(number => (object)new { task_id = $"load-{number}", queue = "cpu_batch", payload = new string('x', 400) }));
        }
    }

    private static async Task<List<Entity>> EntitiesAsync(NodeProcess node)
    {
        var entities = new List<Entity>();
        foreach (var number in Enumerable.Range(0, QueuePartitions))
        {
            var task = IdOf("probed", id => Partition.Of(new Contracts.Ids.TaskId(id), QueuePartitions) == number);
            await node.Client.SubmitAsync([new { task_id = task, queue = "cpu_batch" }]);
            entities.Add(new Entity("queue", number, Often, () => new(HttpMethod.Get, $"/api/v1/tasks/{task}")));
        }

        foreach (var number in Enumerable.Range(0, Coordinators))
        {
            // The same report again is answered with the same decision.
            var task = IdOf("absent", id => Partition.Of(new Contracts.Ids.TaskId(id), Coordinators) == number);
            var report = new { event_id = "e", task_id = task, failure_type = "network_failure", error_message = "cut" };
            entities.Add(new Entity("coordinator", number, EveryFor(number), () => new(HttpMethod.Post, "/api/v1/failures")
            {
                Content = JsonContent.Create(report),
            }));
        }

        foreach (var number in Enumerable.Range(0, Buckets))
        {
            var worker = IdOf("absent", id => Partition.Of(new Contracts.Ids.WorkerId(id), Buckets) == number);
            entities.Add(new Entity("directory", number, Often, () => new(HttpMethod.Get, $"/api/v1/workers/{worker}")));
        }

        foreach (var number in Enumerable.Range(0, Workers))
        {
            var worker = string.Create(CultureInfo.InvariantCulture, $"w-{number}");
            await node.Client.PostAsync("/workers/register", new { registration = new { worker_id = worker, capability = "cpu" } });
            entities.Add(new Entity("worker", number, EveryFor(number), () => new(HttpMethod.Post, $"/api/v1/workers/{worker}/heartbeat")
            {
                Content = JsonContent.Create(new { status = "online" }),
            }));
        }

        return entities;

        static TimeSpan EveryFor(int number) => number == FirstEntityOfMany ? Often : Seldom;
    }

    private static string IdOf(string prefix, Func<string, bool> fits) => Enumerable.Range(0, 10_000)
        .Select(number => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{number}"))
        .First(fits);

    private sealed record Call(long Begun, long Ended, bool Succeeded);

    private sealed record Gap(double Seconds, string Entity, int Failed);

    /// <summary>One entity, and the calls to it.</summary>
    private sealed class Entity(string kind, int number, TimeSpan every, Func<HttpRequestMessage> request)
    {
        public string Kind => kind;

        public ConcurrentQueue<Call> Calls { get; } = new();

        public Gap LongestGap()
        {
            var answered = Calls.Where(call => call.Succeeded).Select(call => call.Ended).ToList();
            var longest = answered.Zip(answered.Skip(1), (one, next) => Stopwatch.GetElapsedTime(one, next).TotalSeconds).Max();
            return new Gap(longest, string.Create(CultureInfo.InvariantCulture, $"{kind} {number}"), Calls.Count(call => !call.Succeeded));
        }

        public async Task CallAsync(Uri node, CancellationToken stop)
        {
            using var http = new HttpClient { BaseAddress = node, Timeout = TimeSpan.FromSeconds(60) };
            while (!stop.IsCancellationRequested)
            {
                using var call = request();
                var begun = Stopwatch.GetTimestamp();
                using var answer = await http.SendAsync(call, CancellationToken.None);
                var succeeded = answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.NotFound;
                Calls.Enqueue(new Call(begun, Stopwatch.GetTimestamp(), succeeded));

                // Anything else is a mistake of the scenario, not of a node.
                if (!succeeded && answer.StatusCode != HttpStatusCode.ServiceUnavailable)
                {
                    var text = await answer.Content.ReadAsStringAsync(stop);
                    throw new InvalidOperationException($"{call.RequestUri}: {answer.StatusCode} {text}");
                }

                await Task.Delay(succeeded ? every : answer.Headers.RetryAfter?.Delta ?? TimeSpan.Zero, CancellationToken.None);
            }
        }
    }
}
