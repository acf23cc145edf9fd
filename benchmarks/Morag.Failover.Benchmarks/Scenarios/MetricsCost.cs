using System.Globalization;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// What metrics cost: <c>throughput-batch</c> on one node with metrics, read every five seconds, and on one without. Both run at the same
/// time on the same machine and take turns, so that what else the machine does meets both.
/// </summary>
internal sealed class MetricsCost : IScenario
{
    private const int WarmUp = 30_000;
    private const int PerTurn = 20_000;
    private const int Turns = 20;

    private static readonly TimeSpan ScrapeInterval = TimeSpan.FromSeconds(5);

    public string Name => "metrics-cost";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var with = await Side.StartAsync();
        await using var without = await Side.StartAsync("no-metrics.conf");
        using var stop = new CancellationTokenSource();
        var scraping = ScrapeAsync(with.System.Node.Address, stop.Token);
        for (var turn = 0; turn < Turns; turn++)
        {
            // Each is first in every other turn.
            await (turn % 2 == 0 ? with : without).RunAsync(turn);
            await (turn % 2 == 0 ? without : with).RunAsync(turn);
        }

        await stop.CancelAsync();
        await scraping;
        measurement.Add("tasks_per_second_with_metrics", Median(with.Rates));
        measurement.Add("tasks_per_second_without", Median(without.Rates));
        var slower = with.Rates.Zip(without.Rates, (one, other) => 100 * (1 - (one / other))).ToList();
        measurement.Below("slower_with_metrics_percent_median_of_turns", Median(slower), 5);
        measurement.Add("node_processor_us_per_task_with_metrics", with.Processor.Average());
        measurement.Add("node_processor_us_per_task_without", without.Processor.Average());
        measurement.Below(
            "more_processor_with_metrics_percent", 100 * ((with.Processor.Average() / without.Processor.Average()) - 1), 5);
        await measurement.AddRawRedisAsync(with.System.Redis.Port);
    }

    private static async Task ScrapeAsync(Uri node, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = node };
        using var timer = new PeriodicTimer(ScrapeInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                _ = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), stop);
            }
        }
        catch (OperationCanceledException)
        {
            // Measured.
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private sealed class Side(BenchmarkSystem system, LeanConnection[] connections) : IAsyncDisposable
    {
        public BenchmarkSystem System => system;

        /// <summary>Tasks per second in each turn.</summary>
        public List<double> Rates { get; } = [];

        /// <summary>Processor time of the node per task in each turn, in microseconds.</summary>
        public List<double> Processor { get; } = [];

        public static async Task<Side> StartAsync(params string[] settings)
        {
            var system = await BenchmarkSystem.StartAsync(settings);
            var connections = await LeanConnection.OpenManyAsync(system.Node.Address, 4);
            await Work.RegisterAsync(connections[0], ThroughputBatch.Worker, 10_000);
            _ = await ThroughputBatch.RunAsync(connections, "warm", WarmUp);
            return new Side(system, connections);
        }

        public async Task RunAsync(int turn)
        {
            var before = system.NodeUse().Processor;
            var elapsed = await ThroughputBatch.RunAsync(connections, string.Create(CultureInfo.InvariantCulture, $"turn-{turn}"), PerTurn);
            Rates.Add(PerTurn / elapsed.TotalSeconds);
            Processor.Add((system.NodeUse().Processor - before).TotalMicroseconds / PerTurn);
        }

        public async ValueTask DisposeAsync()
        {
            Array.ForEach(connections, connection => connection.Dispose());
            await system.DisposeAsync();
        }
    }
}
