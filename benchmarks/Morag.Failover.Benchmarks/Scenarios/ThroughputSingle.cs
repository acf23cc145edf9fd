using System.Diagnostics;
using System.Globalization;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>Throughput with one call each for submit, lease and complete on 64 connections, by one worker and by 64 workers.</summary>
internal sealed class ThroughputSingle : IScenario
{
    private const int Connections = 64;
    private const int WarmUp = 300;
    private const int Measured = 600;

    public string Name => "throughput-single";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync();
        var connections = await LeanConnection.OpenManyAsync(system.Node.Address, Connections);
        await Work.RegisterAsync(connections[0], "agent", 1_000);
        for (var number = 0; number < Connections; number++)
        {
            await Work.RegisterAsync(connections[number], Own(number), 10);
        }

        _ = await RunAsync(connections, "warm", WarmUp, _ => "agent");
        var before = system.NodeUse().Processor;
        measurement.AtLeast("tasks_per_second", await RunAsync(connections, "one", Measured, _ => "agent"), 3_000);
        measurement.Add("node_processor_us_per_task", (system.NodeUse().Processor - before).TotalMicroseconds / (Connections * Measured));
        measurement.Add("tasks_per_second_of_64_workers", await RunAsync(connections, "many", Measured, Own));
        await measurement.AddRawRedisAsync(system.Redis.Port);
        Array.ForEach(connections, connection => connection.Dispose());
    }

    private static string Own(int number) => string.Create(CultureInfo.InvariantCulture, $"agent-{number}");

    private static async Task<double> RunAsync(LeanConnection[] connections, string prefix, int rounds, Func<int, string> worker)
    {
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(connections.Select((connection, number) => RunOneAsync(
            connection, string.Create(CultureInfo.InvariantCulture, $"{prefix}-{number}"), rounds, worker(number))));
        return connections.Length * rounds / watch.Elapsed.TotalSeconds;
    }

    // It may lease a task that another connection submitted: there is always one for every caller.
    private static async Task RunOneAsync(LeanConnection connection, string prefix, int rounds, string worker)
    {
        for (var round = 0; round < rounds; round++)
        {
            _ = await connection.PostAsync("/tasks", Work.TaskBody(prefix, round));
            var lease = (await Work.LeaseAllAsync(connection, worker, 1))[0];
            _ = await connection.PostAsync(
                $"/tasks/{lease.Task}/complete",
                string.Create(CultureInfo.InvariantCulture, $$"""{"worker_id":"{{worker}}","epoch":{{lease.Epoch}},"result":1}"""));
        }
    }
}
