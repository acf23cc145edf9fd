using System.Diagnostics;
using System.Globalization;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// A queue partition with many tasks, compared with 1,000 tasks: latency of submit, lease and complete while snapshots are written, managed
/// memory per task, and the time until the partition serves again after <c>kill -9</c> of the node.
/// </summary>
internal sealed class ScaleLargeQueue(string name, int tasks, int payloadBytes, double recoverySeconds) : IScenario
{
    private const int Few = 1_000;
    private const int WarmUp = 3_000;
    private const int Connections = 8;
    private const int Measured = 10_000;
    private const string Worker = "worker";

    private static readonly string[] Calls = ["submit", "lease", "complete"];
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly string payload = $$""","payload":{"pad":"{{new string('x', payloadBytes - """{"pad":""}""".Length)}}"}""";
    private int submitted;

    public string Name => name;

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync("large-queue.conf");
        await using var snapshots = await SnapshotWatch.StartAsync(system.Redis.ConnectionString);
        using (var connection = await LeanConnection.OpenAsync(system.Node.Address))
        {
            await Work.RegisterAsync(connection, Worker, 10_000);
        }

        await FillAsync(system, Few);
        _ = await CycleAsync(system, snapshots, WarmUp);
        var few = await CycleAsync(system, snapshots, Measured);
        var heapBefore = await ManagedHeap.SurvivingBytesAsync(system.Node.Program.Id);
        var filling = Stopwatch.StartNew();
        await FillAsync(system, tasks - Few);
        measurement.Add("filled_per_second", (tasks - Few) / filling.Elapsed.TotalSeconds);
        await UntilAsync(() => !snapshots.IsWriting);
        measurement.Below(
            "managed_bytes_per_task", PerTask(await ManagedHeap.SurvivingBytesAsync(system.Node.Program.Id), tasks - Few), 1_200);
        var begun = snapshots.Begun;
        var heapMeanwhile = await HeapDuringSnapshotAsync(system, snapshots);
        measurement.Below("managed_bytes_per_task_while_a_snapshot_is_written", PerTask(heapMeanwhile, tasks - Few), 1_200);
        var many = await CycleAsync(system, snapshots, Measured);
        var begunMeanwhile = snapshots.Begun - begun;
        measurement.AtLeast("snapshots_beside_many", begunMeanwhile, 1);
        measurement.Add("calls_during_snapshot", many.Sum(call => call.DuringSnapshot.TotalCount));
        Compare(measurement, few, many);
        measurement.Add("node_mib_beside_many", system.NodeUse().MemoryMiB);
        await UntilAsync(() => !snapshots.IsWriting);
        measurement.Add("events_to_replay", await snapshots.EventsSinceSavedAsync());
        await RecoverAsync(measurement, system);
        await measurement.AddRawRedisAsync(system.Redis.Port);

        // Without the payload. The memory of the system with 1,000 tasks was measured before.
        double PerTask(long heap, int added) => ((double)(heap - heapBefore) / added) - payloadBytes;
    }

    private static void Compare(Measurement measurement, CallLatencies[] few, CallLatencies[] many)
    {
        for (var call = 0; call < Calls.Length; call++)
        {
            foreach (var percentile in (double[])[50, 99])
            {
                var figure = string.Create(CultureInfo.InvariantCulture, $"{Calls[call]}_p{percentile}");
                var before = Measurement.Milliseconds(few[call].All, percentile);
                var after = Measurement.Milliseconds(many[call].All, percentile);
                measurement.Add($"{figure}_beside_few_ms", before);
                measurement.Add($"{figure}_beside_many_ms", after);
                if (many[call].DuringSnapshot.TotalCount > 0)
                {
                    measurement.Add($"{figure}_during_snapshot_ms", Measurement.Milliseconds(many[call].DuringSnapshot, percentile));
                }

                if (percentile == 99)
                {
                    measurement.Below($"{figure}_many_to_few", after / before, 2);
                }
            }
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var waited = Stopwatch.StartNew(); !condition(); await Task.Delay(TimeSpan.FromMilliseconds(100)))
        {
            if (waited.Elapsed > Longest)
            {
                throw new TimeoutException($"No snapshot began or ended within {Longest}");
            }
        }
    }

    /// <summary>Submits tasks that stay in the queue.</summary>
    private async Task FillAsync(BenchmarkSystem system, int count)
    {
        var (first, next) = (submitted, submitted);
        submitted += count;
        await Task.WhenAll(Enumerable.Range(0, 2).Select(async _ =>
        {
            using var connection = await LeanConnection.OpenAsync(system.Node.Address);
            int from;
            while ((from = Interlocked.Add(ref next, Work.MostPerCall) - Work.MostPerCall) < first + count)
            {
                var size = Math.Min(Work.MostPerCall, first + count - from);
                await Work.SubmitAsync(connection, "task", from, size, _ => payload);
            }
        }));
    }

    /// <summary>Repeatedly submits a task, leases one and completes it on each connection. Returns the latencies of each call.</summary>
    private async Task<CallLatencies[]> CycleAsync(BenchmarkSystem system, SnapshotWatch snapshots, int cycles)
    {
        var (first, next) = (submitted, submitted);
        submitted += cycles;
        CallLatencies[] all = [new(), new(), new()];
        foreach (var one in await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => OneAsync())))
        {
            for (var call = 0; call < Calls.Length; call++)
            {
                all[call].Add(one[call]);
            }
        }

        return all;

        async Task<CallLatencies[]> OneAsync()
        {
            // New for each run, because the node closes connections that were idle for two minutes.
            using var connection = await LeanConnection.OpenAsync(system.Node.Address);
            CallLatencies[] latencies = [new(), new(), new()];
            int number;
            while ((number = Interlocked.Increment(ref next) - 1) < first + cycles)
            {
                var body = $$"""{"task_id":"task-{{number}}","queue":"{{BenchmarkSystem.Queue}}"{{payload}}}""";
                _ = await latencies[0].OfAsync(connection.PostAsync("/tasks", body), Stopwatch.GetTimestamp(), snapshots);
                var leases = await latencies[1].OfAsync(Work.LeaseAsync(connection, Worker, 1, 30), Stopwatch.GetTimestamp(), snapshots);
                _ = await latencies[2].OfAsync(
                    connection.PostAsync($"/workers/{Worker}/results", Lease.Results(leases)), Stopwatch.GetTimestamp(), snapshots);
            }

            return latencies;
        }
    }

    /// <summary>
    /// Returns when a snapshot begins. One is due after as many events as there are tasks, or once the events take as many bytes as the
    /// tasks. Large tasks that are completed at once get there fastest.
    /// </summary>
    private async Task BringSnapshotAsync(BenchmarkSystem system, SnapshotWatch snapshots)
    {
        const int Together = 4;
        var large = $$""","priority":10,"payload":{"pad":"{{new string('x', 200_000)}}"}""";
        var begun = snapshots.Begun;
        using var connection = await LeanConnection.OpenAsync(system.Node.Address);
        while (snapshots.Begun == begun)
        {
            await Work.SubmitAsync(connection, "large", submitted, Together, _ => large);
            submitted += Together;
            await Work.CompleteAsync(connection, Worker, await Work.LeaseAllAsync(connection, Worker, Together));
        }
    }

    /// <summary>The surviving heap of the node while it writes a snapshot, which continues afterwards.</summary>
    private async Task<long> HeapDuringSnapshotAsync(BenchmarkSystem system, SnapshotWatch snapshots)
    {
        while (true)
        {
            var saved = await snapshots.NewestSavedAsync();
            await BringSnapshotAsync(system, snapshots);
            var heap = await ManagedHeap.SurvivingBytesAsync(system.Node.Program.Id);
            if (await snapshots.NewestSavedAsync() == saved)
            {
                return heap;
            }
        }
    }

    /// <summary>
    /// Kills the node and starts it again on its data. Measures when it first answers, when an owner other than the queue answers, that
    /// owner's slowest answer while the queue recovers, and when the node is ready, which is when the queue serves again.
    /// </summary>
    private async Task RecoverAsync(Measurement measurement, BenchmarkSystem system)
    {
        await system.Node.KillAsync();
        var watch = Stopwatch.StartNew();
        system.Node.StartWithoutWaiting();
        TimeSpan? others = null;
        var slowest = TimeSpan.Zero;
        var failed = 0;
        while (!await system.Node.Client.IsReadyAsync())
        {
            var start = watch.Elapsed;
            try
            {
                _ = await system.Node.Client.WorkerAsync(Worker);
                others ??= watch.Elapsed;
                slowest = watch.Elapsed - start > slowest ? watch.Elapsed - start : slowest;
            }
            catch (Exception absent) when (NodeSilence.Explains(absent))
            {
                // Before the first answer, the node does not listen yet or has not joined its cluster.
                failed += others is null ? 0 : 1;
            }

            if (system.Node.Program.HasEnded || watch.Elapsed > Longest)
            {
                throw new InvalidOperationException(
                    $"The node is not ready after {watch.Elapsed}; it wrote:\n{system.Node.Program.Output}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        measurement.Add("other_owners_answer_s", (others ?? watch.Elapsed).TotalSeconds);
        measurement.Add("other_owners_slowest_answer_ms", slowest.TotalMilliseconds);
        measurement.Below("other_owners_failed_calls", failed, 1);
        measurement.Below("recovery_s", watch.Elapsed.TotalSeconds, recoverySeconds);
        var (processor, memory) = system.NodeUse();
        measurement.Add("recovery_processor_s", processor.TotalSeconds);
        measurement.Add("node_mib_after_recovery", memory);
    }
}
