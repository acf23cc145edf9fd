using System.Globalization;
using System.Text;

namespace Morag.Failover.Benchmarks.Running;

/// <summary>Calls that several scenarios make.</summary>
internal static class Work
{
    /// <summary>The most tasks that one call submits or leases.</summary>
    public const int MostPerCall = 1000;

    /// <summary>Registers a worker without a heartbeat interval.</summary>
    public static Task RegisterAsync(LeanConnection connection, string worker, int places) => connection.PostAsync(
        "/workers/register",
        string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"registration":{"worker_id":"{{{worker}}}","capability":"cpu","max_concurrent_tasks":{{{places}}}}}"""));

    /// <summary>Registers a worker with this much memory and disk space.</summary>
    public static Task RegisterMachineAsync(LeanConnection connection, string worker, int places, double memoryGb, double diskGb)
    {
        var hardware = string.Create(CultureInfo.InvariantCulture, $$"""{"memory_gb":{{memoryGb}},"disk_space_gb":{{diskGb}}}""");
        return connection.PostAsync("/workers/register", string.Create(
            CultureInfo.InvariantCulture,
            $$$"""
            {"registration":{"worker_id":"{{{worker}}}","capability":"cpu","hardware":{{{hardware}}},"max_concurrent_tasks":{{{places}}}}}
            """));
    }

    /// <summary>Registers <c>worker-0</c>, <c>worker-1</c> and so on, divided among the connections.</summary>
    public static Task RegisterFleetAsync(LeanConnection[] connections, int workers, int heartbeatSeconds) =>
        Task.WhenAll(connections.Select(async (connection, first) =>
        {
            for (var worker = first; worker < workers; worker += connections.Length)
            {
                _ = await connection.PostAsync("/workers/register", string.Create(
                    CultureInfo.InvariantCulture,
                    $$$"""
                    {"registration":{"worker_id":"worker-{{{worker}}}","name":"Worker {{{worker}}}","capability":"cpu",
                    "hardware":{"cpu_cores":8,"memory_gb":32},"location":{"hostname":"host-{{{worker}}}","ip_address":"10.0.0.1"},
                    "max_concurrent_tasks":4,"instance_id":"i-{{{worker}}}","heartbeat_interval_seconds":{{{heartbeatSeconds}}}}}
                    """));
            }
        }));

    /// <summary>Submits <paramref name="count"/> tasks in one call, named <c>prefix-first</c> and on.</summary>
    public static Task SubmitAsync(LeanConnection connection, string prefix, int first, int count)
    {
        var body = new StringBuilder("[");
        for (var number = first; number < first + count; number++)
        {
            _ = body.Append(number > first ? "," : "").Append(TaskBody(prefix, number));
        }

        return connection.PostAsync("/tasks", body.Append(']').ToString());
    }

    /// <summary>Submits <paramref name="count"/> tasks in one call, each with further fields.</summary>
    public static Task SubmitAsync(
        LeanConnection connection, string prefix, int first, int count, Func<int, string> further, string queue = BenchmarkSystem.Queue)
    {
        var tasks = Enumerable.Range(first, count)
            .Select(number => $$"""{"task_id":"{{prefix}}-{{number}}","queue":"{{queue}}"{{further(number)}}}""");
        return connection.PostAsync("/tasks", $"[{string.Join(',', tasks)}]");
    }

    /// <summary>The request body that submits one task.</summary>
    public static string TaskBody(string prefix, int number) => string.Create(
        CultureInfo.InvariantCulture,
        $$$"""{"task_id":"{{{prefix}}}-{{{number}}}","queue":"{{{BenchmarkSystem.Queue}}}","payload":{"n":{{{number}}}}}""");

    /// <summary>Leases up to <paramref name="most"/> tasks and waits for the first.</summary>
    public static async Task<List<Lease>> LeaseAsync(LeanConnection connection, string worker, int most, int waitSeconds) => Lease.ReadAll(
        (await connection.PostAsync(
            $"/workers/{worker}/lease",
            string.Create(CultureInfo.InvariantCulture, $$"""{"max_tasks":{{most}},"wait_seconds":{{waitSeconds}}}"""))).Span);

    /// <summary>Leases exactly <paramref name="count"/> tasks, in as many calls as it takes.</summary>
    public static async Task<List<Lease>> LeaseAllAsync(LeanConnection connection, string worker, int count)
    {
        var leases = new List<Lease>();
        while (leases.Count < count)
        {
            leases.AddRange(await LeaseAsync(connection, worker, Math.Min(MostPerCall, count - leases.Count), 30));
        }

        return leases;
    }

    /// <summary>Completes tasks in one call.</summary>
    public static Task CompleteAsync(LeanConnection connection, string worker, List<Lease> leases) =>
        connection.PostAsync($"/workers/{worker}/results", Lease.Results(leases));
}
