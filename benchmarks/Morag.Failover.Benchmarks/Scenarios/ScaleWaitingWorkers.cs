using System.Diagnostics;
using System.Threading.Channels;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// 5,000 workers wait for work over HTTP and there is none. Measures the additional processor time and memory of the node, and the latency
/// from submission to lease while 100 of them wait and while all do.
/// </summary>
internal sealed class ScaleWaitingWorkers : IScenario
{
    private const int Few = 100;
    private const int Workers = 5_000;
    private const int WarmUp = 200;
    private const int Measured = 1_000;

    // The longest wait of a lease call, so each worker asks twice a minute.
    private const int WaitSeconds = 30;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30);

    public string Name => "scale-waiting-workers";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync("patient-workers.conf");
        using var submitting = await LeanConnection.OpenAsync(system.Node.Address);
        await using var fleet = new Waiting(system.Node.Address);
        await fleet.AddAsync(Few);
        _ = await PickUpAsync(WarmUp);
        var few = await PickUpAsync(Measured);
        var (idle, residentBefore) = await UseAsync();
        var managedBefore = await ManagedHeap.SurvivingBytesAsync(system.Node.Program.Id);

        await fleet.AddAsync(Workers - Few);
        await Task.Delay(Settling);
        var managed = await ManagedHeap.SurvivingBytesAsync(system.Node.Program.Id);
        var (waiting, resident) = await UseAsync();
        var all = await PickUpAsync(Measured);

        measurement.Add("core_percent_with_100", 100 * idle);
        measurement.Below("core_percent_beyond_100", 100 * (waiting - idle), 10);
        measurement.Add("managed_bytes_per_worker", (double)(managed - managedBefore) / (Workers - Few));
        measurement.Add("resident_bytes_per_worker", (resident - residentBefore) * (1 << 20) / (Workers - Few));
        foreach (var percentile in (int[])[50, 99])
        {
            var (one, other) = (Measurement.Milliseconds(few, percentile), Measurement.Milliseconds(all, percentile));
            measurement.Add($"pickup_p{percentile}_with_100_ms", one);
            measurement.Add($"pickup_p{percentile}_with_all_ms", other);
            measurement.Below($"pickup_p{percentile}_ratio", other / one, 2);
        }

        await measurement.AddRawRedisAsync(system.Redis.Port);

        async Task<(double Cores, double MemoryMiB)> UseAsync()
        {
            await Task.Delay(Settling);
            var (before, _) = system.NodeUse();
            var watch = Stopwatch.StartNew();
            await Task.Delay(Idle);
            var (after, memory) = system.NodeUse();
            return ((after - before) / watch.Elapsed, memory);
        }

        async Task<LongHistogram> PickUpAsync(int count)
        {
            var latencies = new LongHistogram(TimeStamp.Seconds(60), 3);
            for (var number = 0; number < count; number++)
            {
                var start = Stopwatch.GetTimestamp();
                var submitted = submitting.PostAsync("/tasks", Work.TaskBody("task", fleet.Served++));
                var (worker, leases) = await fleet.Got.ReadAsync();
                latencies.RecordValue((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                _ = await submitted;
                await fleet.CompleteAsync(worker, leases);
            }

            return latencies;
        }
    }

    /// <summary>Workers that each lease one task at a time.</summary>
    private sealed class Waiting(Uri node) : IAsyncDisposable
    {
        private readonly List<LeanConnection> connections = [];
        private readonly List<Task> polls = [];
        private readonly Channel<(int Worker, List<Lease> Leases)> got = Channel.CreateUnbounded<(int Worker, List<Lease> Leases)>();

        public ChannelReader<(int Worker, List<Lease> Leases)> Got => got.Reader;

        /// <summary>Tasks submitted so far.</summary>
        public int Served { get; set; }

        public async Task AddAsync(int count)
        {
            for (var number = 0; number < count; number++)
            {
                var connection = await LeanConnection.OpenAsync(node);
                await Work.RegisterAsync(connection, Name(connections.Count), 4);
                connections.Add(connection);
                polls.Add(PollAsync(connections.Count - 1));
            }

            await Task.Delay(Settling);
        }

        /// <summary>Completes a worker's tasks and lets it wait again.</summary>
        public async Task CompleteAsync(int worker, List<Lease> leases)
        {
            await Work.CompleteAsync(connections[worker], Name(worker), leases);
            polls[worker] = PollAsync(worker);
        }

        public async ValueTask DisposeAsync()
        {
            connections.ForEach(connection => connection.Dispose());
            await Task.WhenAll(polls);
        }

        private static string Name(int worker) => $"worker-{worker}";

        private async Task PollAsync(int worker)
        {
            try
            {
                List<Lease> leases;
                do
                {
                    leases = await Work.LeaseAsync(connections[worker], Name(worker), 1, WaitSeconds);
                }
                while (leases.Count == 0);

                await got.Writer.WriteAsync((worker, leases));
            }
            catch (Exception closed) when (closed is IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
            {
                // The scenario is over.
            }
        }
    }
}
