using System.Net.Http.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Samples.Worker;

/// <summary>The six calls that a worker needs. Any answer but 2xx throws <see cref="HttpRequestException"/> with its status.</summary>
internal sealed class NodeClient(HttpClient http, WorkerSettings settings)
{
    private readonly string worker = $"/api/v1/workers/{settings.WorkerId}";

    /// <summary>Registers this worker, or renews its registration. Safe to repeat.</summary>
    public Task RegisterAsync(CancellationToken cancellation) => PostAsync(
        "/api/v1/workers/register",
        new
        {
            registration = new
            {
                worker_id = settings.WorkerId,
                instance_id = settings.InstanceId,
                capability = WorkerCapability.Cpu,
                max_concurrent_tasks = LeaseLoop.MaxConcurrentTasks,
                queues = (string[])["cpu_standard"],
                heartbeat_interval_seconds = settings.HeartbeatInterval.TotalSeconds,
            },
        },
        cancellation);

    /// <summary>Shows that this worker is alive and what it is working on. Returns the leases that the node believes it holds.</summary>
    public Task<HeartbeatReply> HeartbeatAsync(IEnumerable<LeasedTask> held, CancellationToken cancellation) => PostAsync<HeartbeatReply>(
        $"{worker}/heartbeat",
        new
        {
            status = WorkerStatus.Online,
            instance_id = settings.InstanceId,
            held = held.Select(task => new { task_id = task.TaskId, epoch = task.Epoch }).ToArray(),
        },
        cancellation);

    /// <summary>
    /// Leases up to <paramref name="maxTasks"/> tasks, and waits for the first one. Repeating a call under the same
    /// <paramref name="request"/> returns the same leases, so a lost answer loses no task.
    /// </summary>
    public Task<LeasedTask[]> LeaseAsync(int maxTasks, TimeSpan wait, RequestId request, CancellationToken cancellation) =>
        PostAsync<LeasedTask[]>(
            $"{worker}/lease",
            new { max_tasks = maxTasks, wait_seconds = wait.TotalSeconds, request_id = request, instance_id = settings.InstanceId },
            cancellation);

    /// <summary>Delivers a result. Safe to repeat; 409 means that the lease is no longer this worker's.</summary>
    public Task CompleteAsync(LeasedTask task, object result, CancellationToken cancellation) => PostAsync(
        $"/api/v1/tasks/{task.TaskId}/complete",
        new { worker_id = settings.WorkerId, epoch = task.Epoch, result },
        cancellation);

    /// <summary>Reports that a task failed. The node decides what happens next; a repeated report gets the same decision.</summary>
    public Task<FailoverDecision> FailAsync(LeasedTask task, FailureType type, string message, CancellationToken cancellation) =>
        PostAsync<FailoverDecision>(
            $"/api/v1/tasks/{task.TaskId}/fail",
            new
            {
                worker_id = settings.WorkerId,
                epoch = task.Epoch,
                failure_type = type,
                error_message = message,
                instance_id = settings.InstanceId,
            },
            cancellation);

    /// <summary>Unregisters this worker. Leases it still holds return to their queues, and nobody is blamed.</summary>
    public async Task UnregisterAsync(CancellationToken cancellation) =>
        (await http.DeleteAsync(new Uri(worker, UriKind.Relative), cancellation)).EnsureSuccessStatusCode().Dispose();

    private async Task<T> PostAsync<T>(string path, object body, CancellationToken cancellation)
    {
        using var response = await SendAsync(path, body, cancellation);
        return (await response.Content.ReadFromJsonAsync<T>(ContractsJson.Options, cancellation))!;
    }

    private async Task PostAsync(string path, object body, CancellationToken cancellation) =>
        (await SendAsync(path, body, cancellation)).Dispose();

    private async Task<HttpResponseMessage> SendAsync(string path, object body, CancellationToken cancellation)
    {
        var response = await http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body, ContractsJson.Options, cancellation);
        return response.EnsureSuccessStatusCode();
    }
}
