using System.Diagnostics;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// Processor time of nodes without workers and tasks: one on redis-server, one on the embedded server, which is a process of its own.
/// Processor time, unlike elapsed time, depends little on other programs on the machine.
/// </summary>
internal sealed class Idle : IScenario
{
    /// <summary>After a start, the runtime recompiles hot code for about this long.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(60);

    public string Name => "idle";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync();
        var folder = Directory.CreateTempSubdirectory("morag-benchmark-");
        await using (var embedded = await NodeProcess.StartAsync(new NodeProcessSettings { DataFolder = folder.FullName }))
        {
            var server = ProcessTable.ChildrenOf(embedded.Program.Id).Single();
            int[] processes = [system.Node.Program.Id, embedded.Program.Id, server];
            await Task.Delay(Settling);
            var percent = await CorePercentAsync(processes);

            measurement.Below("core_percent_on_redis_server", percent[0], 1);
            measurement.Below("core_percent_on_embedded_server", percent[1], 1);
            measurement.Add("core_percent_of_embedded_server_itself", percent[2]);
        }

        folder.Delete(recursive: true);
        await measurement.AddRawRedisAsync(system.Redis.Port);
    }

    private static async Task<double[]> CorePercentAsync(int[] processes)
    {
        var before = Array.ConvertAll(processes, ProcessorTime);
        var watch = Stopwatch.StartNew();
        await Task.Delay(Measured);
        var elapsed = watch.Elapsed;
        return [.. processes.Select((process, place) => 100 * ((ProcessorTime(process) - before[place]) / elapsed))];
    }

    private static TimeSpan ProcessorTime(int processId)
    {
        using var process = Process.GetProcessById(processId);
        return process.TotalProcessorTime;
    }
}
