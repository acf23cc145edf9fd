using System.Diagnostics;
using System.Globalization;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// What the signs of life of 10,000 connected workers at 2 s cost a node: as beats in their sessions, with a heartbeat every 30 s, and, on
/// another new node, as heartbeats alone.
/// </summary>
internal sealed class Liveness : IScenario
{
    private const int Workers = 10_000;
    private const int Connections = 16;
    private const int IntervalSeconds = 2;
    private const int HeartbeatSeconds = 30;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(30);

    public string Name => "liveness-10k";

    public async Task MeasureAsync(Measurement measurement)
    {
        var beats = await UseAsync(measurement, withBeats: true);
        var heartbeats = await UseAsync(measurement, withBeats: false);

        measurement.Below("core_percent_above_idle", beats.CorePercent, 15);
        measurement.Below("memory_mib_above_idle", beats.MemoryMiB, 200);
        measurement.Add("heartbeats_alone_core_percent_above_idle", heartbeats.CorePercent);
        measurement.Add("heartbeats_alone_memory_mib_above_idle", heartbeats.MemoryMiB);
        measurement.Add("heartbeats_alone_cost_times", heartbeats.CorePercent / beats.CorePercent);
    }

    private static async Task<(double CorePercent, double MemoryMiB)> UseAsync(Measurement measurement, bool withBeats)
    {
        var kind = withBeats ? "beats" : "heartbeats_alone";
        await using var system = await BenchmarkSystem.StartAsync();
        await Task.Delay(Settling);
        var (idleCores, idleMemory) = await UseAsync(system, TimeSpan.FromSeconds(10));

        var connections = await LeanConnection.OpenManyAsync(system.Node.Address, Connections);
        await Work.RegisterFleetAsync(connections, Workers, IntervalSeconds);
        using var stop = new CancellationTokenSource();
        var heartbeatSeconds = withBeats ? HeartbeatSeconds : IntervalSeconds;
        var posting = Task.WhenAll(connections.Select((connection, number) => PostAsync(connection, number, heartbeatSeconds, stop.Token)));
        var sessions = new BeatingSession[Workers];
        for (var worker = 0; worker < Workers; worker++)
        {
            sessions[worker] = await BeatingSession.OpenAsync(
                system.Node.Address, Invariant($"worker-{worker}"), Invariant($"i-{worker}"), withBeats);
        }

        var beating = withBeats ? BeatAsync(sessions, stop.Token) : Task.CompletedTask;
        await Task.Delay(Settling);
        var before = sessions.Sum(session => session.Received);
        var (cores, memory) = await UseAsync(system, Measured);
        var confirmed = (sessions.Sum(session => session.Received) - before) / 3.0 / Measured.TotalSeconds;
        var fleet = await system.Node.Client.GetAsync<System.Text.Json.JsonElement>("/workers/stats");
        await stop.CancelAsync();
        await posting;
        await beating;

        measurement.Add($"{kind}_workers_alive", fleet.GetProperty("alive_workers").GetInt32());
        measurement.Add($"{kind}_idle_memory_mib", idleMemory);
        if (withBeats)
        {
            measurement.Add("beats_confirmed_per_second", confirmed);
        }

        Array.ForEach(sessions, session => session.Dispose());
        Array.ForEach(connections, connection => connection.Dispose());
        return (100 * (cores - idleCores), memory - idleMemory);
    }

    private static async Task<(double Cores, double MemoryMiB)> UseAsync(BenchmarkSystem system, TimeSpan time)
    {
        var (before, _) = system.NodeUse();
        var watch = Stopwatch.StartNew();
        await Task.Delay(time);
        var (after, memory) = system.NodeUse();
        return ((after - before) / watch.Elapsed, memory);
    }

    private static Task BeatAsync(BeatingSession[] sessions, CancellationToken stop) => PaceAsync(
        sessions.Length, IntervalSeconds, beat => sessions[beat % sessions.Length].BeatAsync(), stop);

    /// <summary>Sends the heartbeats of this connection's share of the workers.</summary>
    private static Task PostAsync(LeanConnection connection, int number, int seconds, CancellationToken stop)
    {
        var share = Workers / Connections;
        return PaceAsync(
            share,
            seconds,
            async beat =>
            {
                var worker = number + (beat % share * Connections);
                _ = await connection.PostAsync(Invariant($"/workers/worker-{worker}/heartbeat"), string.Create(
                    CultureInfo.InvariantCulture,
                    $$$"""
                    {"status":"online","instance_id":"i-{{{worker}}}","held":[],
                    "metrics":{"cpu_usage_percent":12.5,"memory_usage_percent":40.1,"active_tasks":0,
                    "completed_tasks":{{{beat}}},"failed_tasks":0,"avg_task_duration_seconds":1.5}}
                    """));
            },
            stop);
    }

    /// <summary>Does something <paramref name="share"/> times in so many seconds, spread evenly.</summary>
    private static async Task PaceAsync(int share, int seconds, Func<long, ValueTask> act, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        for (var turn = 0L; !stop.IsCancellationRequested; turn++)
        {
            var due = TimeSpan.FromSeconds(turn * (double)seconds / share);
            if (due - watch.Elapsed is { TotalMilliseconds: > 1 } early)
            {
                await Task.Delay(early, CancellationToken.None);
            }

            await act(turn);
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
