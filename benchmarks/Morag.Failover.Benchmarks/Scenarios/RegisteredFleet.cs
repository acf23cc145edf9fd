using System.Diagnostics;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>What 10,000 registered workers with a heartbeat every 10 s cost a node in processor time and memory.</summary>
internal sealed class RegisteredFleet : IScenario
{
    private const int Workers = 10_000;
    private const int Connections = 16;
    private const int HeartbeatSeconds = 10;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(30);

    public string Name => "fleet";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync();
        await Task.Delay(Idle);
        var (idleCores, idleMemory) = await system.NodeUseAsync(Idle);

        var connections = await LeanConnection.OpenManyAsync(system.Node.Address, Connections);
        var registering = Stopwatch.StartNew();
        await Work.RegisterFleetAsync(connections, Workers, HeartbeatSeconds);
        measurement.Add("registrations_per_second", Workers / registering.Elapsed.TotalSeconds);

        using var stop = new CancellationTokenSource();
        var beating = new FleetHeartbeats(connections, Workers, HeartbeatSeconds).KeepAsync(stop.Token);
        await Task.Delay(Settling);
        var (cores, memory) = await system.NodeUseAsync(Measured);
        await stop.CancelAsync();
        await beating;

        measurement.Below("core_percent_above_idle", 100 * (cores - idleCores), 25);
        measurement.Below("memory_mib_above_idle", memory - idleMemory, 300);
        measurement.Add("idle_core_percent", 100 * idleCores);
        measurement.Add("idle_memory_mib", idleMemory);
        var fleet = await system.Node.Client.GetAsync<System.Text.Json.JsonElement>("/workers/stats");
        measurement.Add("workers_alive", fleet.GetProperty("alive_workers").GetInt32());
        await measurement.AddRawRedisAsync(system.Redis.Port);
        Array.ForEach(connections, connection => connection.Dispose());
    }
}
