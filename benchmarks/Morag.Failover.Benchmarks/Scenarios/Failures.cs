using System.Diagnostics;
using System.Globalization;
using System.Text;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// Latency from the report of a failure to the answer with the stored decision: for leased tasks, whose lease ends and whose worker's score
/// changes, and for tasks that another system holds.
/// </summary>
internal sealed class Failures : IScenario
{
    private const int Connections = 32;
    private const int Workers = 32;
    private const int PerWorker = 600;
    private const int WarmUp = 200;
    private const int Measured = PerWorker - WarmUp - Idle;
    private const int Idle = 20;

    // Between two reports to the idle node.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    public string Name => "failures";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync("silent-workers.conf");
        var connections = await LeanConnection.OpenManyAsync(system.Node.Address, Connections);
        var reports = await LeaseAsync(connections);

        _ = await RunAsync(connections, reports, 0, WarmUp);
        var leased = await RunAsync(connections, reports, WarmUp, Measured);
        var reported = Connections * Measured;
        measurement.AtLeast("decisions_per_second", reported / leased.Elapsed.TotalSeconds, 1_500);
        measurement.Below("decision_p99_ms", Measurement.Milliseconds(leased.Latencies, 99), 60);
        measurement.AddSpread("decision", leased.Latencies);

        var idle = new LongHistogram(TimeStamp.Seconds(60), 3);
        for (var number = 0; number < Connections * Idle; number++)
        {
            await Task.Delay(Pause);
            var own = number % Connections;
            await ReportAsync(connections[own], reports[own][WarmUp + Measured + (number / Connections)], idle);
        }

        measurement.Below("idle_decision_median_ms", Measurement.Milliseconds(idle, 50), 4);
        measurement.AddSpread("idle_decision", idle);

        var elsewhere = Enumerable.Range(0, Connections).Select(number => Enumerable.Range(0, PerWorker)
            .Select(task => Report($"elsewhere-{number}-{task}", $"other-{number}", null)).ToArray()).ToArray();
        var foreign = await RunAsync(connections, elsewhere, 0, PerWorker);
        measurement.Add("decisions_per_second_of_tasks_held_elsewhere", Connections * PerWorker / foreign.Elapsed.TotalSeconds);
        measurement.AddSpread("decision_of_tasks_held_elsewhere", foreign.Latencies);
        await measurement.AddRawRedisAsync(system.Redis.Port);
        Array.ForEach(connections, connection => connection.Dispose());
    }

    /// <summary>
    /// The reports for all leases, divided so that every connection reports failures of every worker. All connections take part in the
    /// preparation, because the server closes one that is silent for two minutes.
    /// </summary>
    private static async Task<string[][]> LeaseAsync(LeanConnection[] connections)
    {
        var reports = Enumerable.Range(0, Connections).Select(_ => new List<string>()).ToArray();
        for (var number = 0; number < Workers; number++)
        {
            var worker = string.Create(CultureInfo.InvariantCulture, $"worker-{number}");
            var connection = connections[number % Connections];
            await Work.RegisterAsync(connection, worker, PerWorker);
            await Work.SubmitAsync(connection, $"held-{number}", 0, PerWorker);
            var leases = await Work.LeaseAllAsync(connection, worker, PerWorker);
            for (var lease = 0; lease < leases.Count; lease++)
            {
                reports[(number + lease) % Connections].Add(Report(leases[lease].Task, worker, leases[lease].Epoch));
            }
        }

        return [.. reports.Select(own => own.ToArray())];
    }

    private static string Report(string task, string worker, long? epoch)
    {
        var lease = epoch is null ? "" : string.Create(CultureInfo.InvariantCulture, $"\"epoch\":{epoch},");
        return $$"""
            {"task_id":"{{task}}","worker_id":"{{worker}}",{{lease}}"failure_type":"processing_error","error_message":"exit code 1"}
            """;
    }

    private static async Task<(TimeSpan Elapsed, HistogramBase Latencies)> RunAsync(
        LeanConnection[] connections, string[][] reports, int from, int count)
    {
        var parts = new List<HistogramBase>();
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(connections.Select(async (connection, number) =>
        {
            var own = new LongHistogram(TimeStamp.Seconds(60), 3);
            lock (parts)
            {
                parts.Add(own);
            }

            foreach (var report in reports[number].AsMemory(from, count).ToArray())
            {
                await ReportAsync(connection, report, own);
            }
        }));
        var elapsed = watch.Elapsed;
        var all = new LongHistogram(TimeStamp.Seconds(60), 3);
        parts.ForEach(all.Add);
        return (elapsed, all);
    }

    private static async Task ReportAsync(LeanConnection connection, string report, HistogramBase latencies)
    {
        var start = Stopwatch.GetTimestamp();
        var answer = await connection.PostAsync("/failures", report);
        latencies.RecordValue((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        if (answer.Span.IndexOf("\"selected_action\""u8) < 0)
        {
            throw new InvalidOperationException(
                $"The report {report} was answered without a decision: {Encoding.UTF8.GetString(answer.Span)}");
        }
    }
}
