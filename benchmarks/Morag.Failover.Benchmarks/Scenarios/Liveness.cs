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
        var (idleCores, idleMemory) = await system.NodeUseAsync(TimeSpan.FromSeconds(10));

        var connections = await LeanConnection.OpenManyAsync(system.Node.Address, Connections);
        await Work.RegisterFleetAsync(connections, Workers, IntervalSeconds);
        using var stop = new CancellationTokenSource();
        var heartbeatSeconds = withBeats ? HeartbeatSeconds : IntervalSeconds;
        var posting = new FleetHeartbeats(connections, Workers, heartbeatSeconds).KeepAsync(stop.Token);
        var sessions = new BeatingSession[Workers];
        for (var worker = 0; worker < Workers; worker++)
        {
            sessions[worker] = await BeatingSession.OpenAsync(
                system.Node.Address, Invariant($"worker-{worker}"), Invariant($"i-{worker}"), withBeats);
        }

        var beating = withBeats
            ? Pace.KeepAsync(Workers, IntervalSeconds, beat => sessions[beat % Workers].BeatAsync(), stop.Token)
            : Task.CompletedTask;
        await Task.Delay(Settling);
        var before = sessions.Sum(session => session.Received);
        var (cores, memory) = await system.NodeUseAsync(Measured);
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

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
