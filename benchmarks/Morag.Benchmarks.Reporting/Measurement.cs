using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using HdrHistogram;

namespace Morag.Benchmarks.Reporting;

/// <summary>The figures of one scenario, with the machine they were measured on.</summary>
public sealed class Measurement
{
    private readonly JsonObject figures = [];
    private readonly JsonArray targets = [];
    private readonly string scenario;
    private JsonObject? rawRedis;

    private Measurement(string scenario) => this.scenario = scenario;

    /// <summary>Runs a scenario.</summary>
    public static async Task<Measurement> TakeAsync(IScenario scenario)
    {
        var measurement = new Measurement(scenario.Name);
        await scenario.MeasureAsync(measurement);
        return measurement;
    }

    /// <summary>Adds a figure without a target.</summary>
    public void Add(string figure, double value) => figures[figure] = Math.Round(value, 3);

    /// <summary>Adds a figure that should reach the target.</summary>
    public void AtLeast(string figure, double value, double target) => Judge(figure, value, ">=", target, value >= target);

    /// <summary>Adds a figure that should stay below the target.</summary>
    public void Below(string figure, double value, double target) => Judge(figure, value, "<", target, value < target);

    /// <summary>Adds a figure that should equal the target.</summary>
    public void Exactly(string figure, double value, double target) => Judge(figure, value, "=", target, value == target);

    /// <summary>Adds percentiles of latencies recorded in microseconds.</summary>
    public void AddSpread(string prefix, HistogramBase latencies)
    {
        foreach (var percentile in (double[])[50, 90, 99, 100])
        {
            var name = percentile == 100 ? "max" : string.Create(CultureInfo.InvariantCulture, $"p{percentile}");
            Add($"{prefix}_{name}_ms", Milliseconds(latencies, percentile));
        }
    }

    /// <summary>A percentile, in milliseconds, of latencies recorded in microseconds.</summary>
    public static double Milliseconds(HistogramBase latencies, double percentile) => latencies.GetValueAtPercentile(percentile) / 1000.0;

    /// <summary>Measures Redis itself, without the product.</summary>
    /// <returns>Transactions per second with 1, 10 and 100 in flight.</returns>
    public async Task<IReadOnlyDictionary<int, double>> AddRawRedisAsync(int port)
    {
        rawRedis = [];
        var rates = new Dictionary<int, double>();
        foreach (var depth in (int[])[1, 10, 100])
        {
            rates[depth] = await RawRedis.TransactionsPerSecondAsync(port, depth);
            rawRedis[string.Create(CultureInfo.InvariantCulture, $"depth_{depth}")] = Math.Round(rates[depth]);
        }

        return rates;
    }

    /// <summary>
    /// Measures Redis itself with 100 transactions in flight, spread over many sorted sets: a single one would stay in the processor's
    /// cache.
    /// </summary>
    public async Task AddRawRedisOnKeysAsync(int port, int keys)
    {
        var figure = string.Create(CultureInfo.InvariantCulture, $"raw_depth_100_on_{keys}_keys");
        Add(figure, await RawRedis.TransactionsPerSecondAsync(port, 100, keys));
    }

    /// <summary>Everything as one line of JSON.</summary>
    public string ToJson() => new JsonObject
    {
        ["scenario"] = scenario,
        ["figures"] = figures,
        ["targets"] = targets,
        ["raw_redis_transactions_per_second"] = rawRedis,
        ["machine"] = new JsonObject
        {
            ["cores"] = Environment.ProcessorCount,
            ["processor"] = ProcessorName(),
            ["memory_gib"] = Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30), 1),
            ["os"] = RuntimeInformation.OSDescription,
            ["runtime"] = RuntimeInformation.FrameworkDescription,
            ["load_before"] = LoadAverage(),
        },
        ["date"] = TimeProvider.System.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
    }.ToJsonString(new JsonSerializerOptions { WriteIndented = false });

    private void Judge(string figure, double value, string rule, double target, bool met)
    {
        Add(figure, value);
        targets.Add(new JsonObject { ["figure"] = figure, ["rule"] = rule, ["target"] = target, ["met"] = met });
    }

    private static string ProcessorName()
    {
        const string Cpus = "/proc/cpuinfo";
        var name = File.Exists(Cpus)
            ? File.ReadLines(Cpus).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return name?.Split(':', 2)[1].Trim() ?? "";
    }

    private static string LoadAverage() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Trim() : "";
}
