using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;
using StackExchange.Redis;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// Many workers register and heartbeat once, one in ten completes a task, and then all fall silent. Measures what remains of them in Redis
/// and in memory once they are forgotten, how fast that happens, and how long submit and lease calls of a live worker take meanwhile.
/// </summary>
internal sealed class ScaleDeadWorkers(string name, int workers) : IScenario
{
    private const int Connections = 32;
    private const int OneTaskIn = 10;
    private const int WarmUp = 1_000;
    private const int Measured = 2_000;
    private const string Live = "live";

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    public string Name => name;

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync("dead-workers.conf");
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{system.Redis.ConnectionString},allowAdmin=true");
        using var live = await LeanConnection.OpenAsync(system.Node.Address);
        await Work.RegisterAsync(live, Live, 10);
        var (task, registered, looked) = (0, workers + 1, Stopwatch.StartNew());
        _ = await CycleAsync(WarmUp, () => false);
        var alone = await CycleAsync(Measured, () => false);
        var before = await SizeAsync(system, redis);

        await BringAsync(system, measurement);
        var there = await SizeAsync(system, redis);
        await UntilFirstIsForgottenAsync(system, live);
        registered = workers;
        var forgetting = Stopwatch.StartNew();
        var meanwhile = await CycleAsync(int.MaxValue, () => registered == 1);
        var seconds = forgetting.Elapsed.TotalSeconds;
        await Task.Delay(Settling);
        var after = await SizeAsync(system, redis);

        Report(measurement, before, there, after);
        measurement.Add("forgotten_in_s", seconds);
        measurement.Add("forgotten_per_second", workers / seconds);
        Compare(measurement, "submit", alone.Submit, meanwhile.Submit);
        Compare(measurement, "lease", alone.Lease, meanwhile.Lease);
        await measurement.AddRawRedisAsync(system.Redis.Port);

        async Task<(LongHistogram Submit, LongHistogram Lease)> CycleAsync(int most, Func<bool> isOver)
        {
            var (submit, lease) = (new LongHistogram(TimeStamp.Seconds(60), 3), new LongHistogram(TimeStamp.Seconds(60), 3));
            var beat = Stopwatch.StartNew();
            for (var call = 0; call < most && !isOver(); call++)
            {
                var start = Stopwatch.GetTimestamp();
                await Work.SubmitAsync(live, "task", task++, 1);
                submit.RecordValue((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                start = Stopwatch.GetTimestamp();
                var leases = await Work.LeaseAsync(live, Live, 1, 5);
                lease.RecordValue((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                await Work.CompleteAsync(live, Live, leases);
                if (looked.Elapsed > BetweenLooks)
                {
                    registered = await RegisteredAsync(system);
                    looked.Restart();
                    ThrowAfter(beat);
                }

                await Task.Delay(Pause);
            }

            return (submit, lease);
        }
    }

    private async Task UntilFirstIsForgottenAsync(BenchmarkSystem system, LeanConnection live)
    {
        var waiting = Stopwatch.StartNew();
        while (await RegisteredAsync(system) > workers)
        {
            _ = await live.PostAsync($"/workers/{Live}/heartbeat", """{"status":"online"}""");
            ThrowAfter(waiting);
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        }
    }

    private static void Compare(Measurement measurement, string call, LongHistogram before, LongHistogram meanwhile)
    {
        foreach (var percentile in (int[])[50, 99])
        {
            var (few, many) = (Measurement.Milliseconds(before, percentile), Measurement.Milliseconds(meanwhile, percentile));
            measurement.Add($"{call}_p{percentile}_before_ms", few);
            measurement.Add($"{call}_p{percentile}_meanwhile_ms", many);
            measurement.Below($"{call}_p{percentile}_ratio", many / few, 2);
        }
    }

    private static void ThrowAfter(Stopwatch waiting)
    {
        if (waiting.Elapsed > Longest)
        {
            throw new TimeoutException($"Some workers are not forgotten after {Longest}");
        }
    }

    private static async Task<int> RegisteredAsync(BenchmarkSystem system) =>
        (await system.Node.Client.GetAsync<JsonElement>("/workers/stats")).GetProperty("total_workers").GetInt32();

    private static async Task<Size> SizeAsync(BenchmarkSystem system, ConnectionMultiplexer redis)
    {
        var managed = await ManagedHeap.SurvivingBytesAsync(system.Node.Program.Id);
        var server = redis.GetServer("127.0.0.1", system.Redis.Port);
        var info = (await server.InfoAsync("memory")).SelectMany(group => group).Single(line => line.Key == "used_memory").Value;
        return new Size(await server.DatabaseSizeAsync(), long.Parse(info, CultureInfo.InvariantCulture), managed);
    }

    /// <summary>Registers the workers and sends one heartbeat for each; some complete a task.</summary>
    private async Task BringAsync(BenchmarkSystem system, Measurement measurement)
    {
        var connections = await LeanConnection.OpenManyAsync(system.Node.Address, Connections);
        var registering = Stopwatch.StartNew();
        await Task.WhenAll(connections.Select(async (connection, first) =>
        {
            for (var worker = first; worker < workers; worker += Connections)
            {
                var id = string.Create(CultureInfo.InvariantCulture, $"worker-{worker}");
                await Work.RegisterAsync(connection, id, 1);
                _ = await connection.PostAsync($"/workers/{id}/heartbeat", """{"status":"online"}""");
                if (worker % OneTaskIn == 0)
                {
                    await Work.SubmitAsync(connection, "of", worker, 1);
                    await Work.CompleteAsync(connection, id, await Work.LeaseAllAsync(connection, id, 1));
                }
            }
        }));
        measurement.Add("came_per_second", workers / registering.Elapsed.TotalSeconds);
        Array.ForEach(connections, connection => connection.Dispose());
    }

    private void Report(Measurement measurement, Size before, Size there, Size after)
    {
        measurement.Add("keys_before", before.Keys);
        measurement.Add("keys_there", there.Keys);
        measurement.Add("keys_after", after.Keys);
        measurement.Add("redis_bytes_per_worker_there", (double)(there.RedisBytes - before.RedisBytes) / workers);
        measurement.Add("managed_bytes_per_worker_there", (double)(there.ManagedBytes - before.ManagedBytes) / workers);
        measurement.Below("keys_per_forgotten_worker", (double)(after.Keys - before.Keys) / workers, 0.01);
        measurement.Below("redis_bytes_per_forgotten_worker", (double)(after.RedisBytes - before.RedisBytes) / workers, 200);
        measurement.Below("managed_bytes_per_forgotten_worker", (double)(after.ManagedBytes - before.ManagedBytes) / workers, 200);
    }

    private readonly record struct Size(long Keys, long RedisBytes, long ManagedBytes);
}
