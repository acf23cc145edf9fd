using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Morag.Benchmarks.Reporting;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// Kills the oldest and the youngest of two and of three nodes with <c>kill -9</c>, and stops the oldest with SIGTERM, while calls to every
/// partition go to the survivors. Measures the time until all of them are answered again, the longest call, and calls that failed twice.
/// </summary>
internal sealed class TakeOver(int rounds) : IScenario
{
    // The owners must have been spread over the nodes, or there is little to take over.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    /// <summary>Calls that reach every queue partition, every coordinator, every directory bucket, and a write of each kind.</summary>
    private static readonly (HttpMethod Method, string Path, Func<int, string>? Body)[] Probes =
    [
        (HttpMethod.Get, "/queues", null),
        (HttpMethod.Get, "/failures/statistics", null),
        (HttpMethod.Get, "/workers", null),
        (HttpMethod.Post, "/tasks", static call => $$"""[{ "task_id": "probe-{{call}}", "queue": "cpu_standard", "payload": 1 }]"""),
        (HttpMethod.Post, "/failures", static call =>
            $$"""{ "event_id": "probe-{{call}}", "task_id": "o-{{call}}", "failure_type": "network_failure", "error_message": "cut" }"""),
    ];

    public string Name => "take-over";

    public async Task MeasureAsync(Measurement measurement)
    {
        foreach (var (name, nodes, victim) in new[] { ("2_nodes_oldest", 2, 0), ("2_nodes_youngest", 2, 1), ("3_nodes_oldest", 3, 0) })
        {
            await MeasureAsync(measurement, "kill_" + name, nodes, victim, Signal.Kill, 5, 2);
        }

        await MeasureAsync(measurement, "stop_2_nodes_oldest", 2, 0, Signal.Terminate, 1, 2);
    }

    private async Task MeasureAsync(
        Measurement measurement, string figure, int nodes, int victim, Signal signal, double target, double longestTarget)
    {
        var (outages, longest, failedTwice) = (new List<double>(), 0.0, 0);
        for (var round = 0; round < rounds; round++)
        {
            var calls = await RoundAsync(nodes, victim, signal);
            outages.Add(calls.Outage);
            longest = Math.Max(longest, calls.Longest);
            failedTwice += calls.FailedTwice;
        }

        outages.Sort();
        measurement.Add($"{figure}_answers_again_p50_s", outages[(outages.Count - 1) / 2]);
        measurement.Below($"{figure}_answers_again_p95_s", outages[(int)Math.Ceiling(outages.Count * 0.95) - 1], target);
        measurement.Below($"{figure}_longest_call_s", longest, longestTarget);
        measurement.Add($"{figure}_calls_failed_again_after_retry", failedTwice);
    }

    private static async Task<(double Outage, double Longest, int FailedTwice)> RoundAsync(int count, int victim, Signal signal)
    {
        var folder = Directory.CreateTempSubdirectory("morag-benchmark-");
        await using var redis = new RedisServer { AppendFsync = AppendFsync.EverySecond };
        await redis.InitializeAsync();
        var ports = Enumerable.Range(0, count).Select(_ => RedisTestServer.FreePort()).ToArray();
        var nodes = new List<NodeProcess>();
        try
        {
            foreach (var port in ports)
            {
                nodes.Add(await NodeProcess.StartAsync(new NodeProcessSettings
                {
                    Redis = redis.ConnectionString,
                    DataFolder = Path.Combine(folder.FullName, port.ToString(CultureInfo.InvariantCulture)),
                    ClusterPort = port,
                    Seeds = [.. ports.Select(other => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{other}"))],
                }));
            }

            await Task.Delay(Settling);
            var survivors = nodes.Where((_, number) => number != victim).Select(node => node.Address).ToArray();
            using var stop = new CancellationTokenSource();
            var probes = Probes.Select((probe, number) => Probe(survivors[number % survivors.Length], probe, stop.Token)).ToArray();
            await Task.Delay(TimeSpan.FromSeconds(1));
            var killedAt = Stopwatch.GetTimestamp();
            nodes[victim].Program.Send(signal);
            await Task.Delay(TimeSpan.FromSeconds(8) + Quiet);
            await stop.CancelAsync();
            var calls = (await Task.WhenAll(probes)).Select(all => all.Where(call => call.Ended > killedAt).ToList()).ToList();
            return (
                calls.Max(all => all.Where(call => !call.Succeeded).Select(call => Seconds(killedAt, call.Ended)).DefaultIfEmpty().Max()),
                calls.Max(all => all.Max(call => Seconds(Math.Max(call.Begun, killedAt), call.Ended))),
                calls.Sum(all => all.Zip(all.Skip(1)).Count(pair => !pair.First.Succeeded && !pair.Second.Succeeded)));
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

    private static async Task<List<ProbeCall>> Probe(
        Uri node, (HttpMethod Method, string Path, Func<int, string>? Body) probe, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = node, Timeout = TimeSpan.FromSeconds(60) };
        var calls = new List<ProbeCall>();
        while (!stop.IsCancellationRequested)
        {
            using var request = new HttpRequestMessage(probe.Method, "/api/v1" + probe.Path);
            if (probe.Body is { } body)
            {
                request.Content = new StringContent(body(calls.Count), Encoding.UTF8, "application/json");
            }

            var begun = Stopwatch.GetTimestamp();
            using var answer = await http.SendAsync(request, CancellationToken.None);
            calls.Add(new ProbeCall(begun, Stopwatch.GetTimestamp(), answer.IsSuccessStatusCode));

            // Anything else is a mistake of the scenario, not of a node.
            if (!answer.IsSuccessStatusCode && answer.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                throw new InvalidOperationException($"{probe.Path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync(stop)}");
            }

            var pause = answer.IsSuccessStatusCode ? TimeSpan.FromMilliseconds(50) : answer.Headers.RetryAfter?.Delta ?? TimeSpan.Zero;
            await Task.Delay(pause, CancellationToken.None);
        }

        return calls;
    }

    private static double Seconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalSeconds;

    private sealed record ProbeCall(long Begun, long Ended, bool Succeeded);
}
