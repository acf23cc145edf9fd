using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Morag.Failover.Cli.Connection;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>What the node said about one delivered outcome.</summary>
internal enum Delivery
{
    /// <summary>Taken: durable.</summary>
    Accepted,

    /// <summary>The lease is no longer this agent's.</summary>
    Late,

    /// <summary>It breaks a rule and always will.</summary>
    Invalid,

    /// <summary>It may be taken later.</summary>
    TryAgain,
}

/// <summary>The answer for one outcome, and what was said with it.</summary>
internal sealed record DeliveryAnswer(Delivery Delivery, string Detail);

/// <summary>The calls of a worker, typed. Every one throws <see cref="NodeUnreachable"/> or <see cref="NodeRefused"/> when it fails.</summary>
internal sealed class WorkerClient(NodeConnection node, WorkerRegistration registration, TimeProvider clock)
{
    // A keep-alive comes every few seconds.
    private static readonly TimeSpan SessionSilence = TimeSpan.FromSeconds(20);

    private readonly string worker = $"/api/v1/workers/{Uri.EscapeDataString(registration.WorkerId.Value)}";

    public async Task<string> RegisterAsync(CancellationToken cancellation)
    {
        var answer = await PostAsync("/api/v1/workers/register", new { registration }, NodeConnection.CallTimeout, cancellation);
        return answer.TryGetProperty("message", out var message) ? message.ToString() : "";
    }

    public async Task<HeldLease[]> HeartbeatAsync(
        WorkerStatus status, WorkerMetrics metrics, HeldByWorker[] held, TimeSpan timeout, CancellationToken cancellation)
    {
        var answer = await PostAsync(
            $"{worker}/heartbeat",
            new
            {
                status,
                metrics,
                worker_id = registration.WorkerId,
                timestamp = clock.GetUtcNow(),
                instance_id = registration.InstanceId,
                held,
            },
            timeout,
            cancellation);
        var leases = answer.ValueKind == JsonValueKind.Object ? answer.GetProperty("leases") : answer;
        return leases.Deserialize<HeldLease[]>(ContractsJson.Options) ?? [];
    }

    /// <summary>The same <paramref name="request"/> again gives the same leases, so that a lost answer loses none.</summary>
    public async Task<LeasedTask[]> LeaseAsync(int maxTasks, TimeSpan wait, RequestId request, CancellationToken cancellation)
    {
        var answer = await PostAsync(
            $"{worker}/lease",
            new
            {
                max_tasks = maxTasks,
                wait_seconds = wait.TotalSeconds,
                request_id = request,
                instance_id = registration.InstanceId,
            },
            wait + NodeConnection.CallTimeout,
            cancellation);
        return answer.Deserialize<LeasedTask[]>(ContractsJson.Options) ?? [];
    }

    /// <summary>Hands in outcomes; one answer for each, in their order.</summary>
    public async Task<DeliveryAnswer[]> DeliverAsync(IEnumerable<TaskOutcome> outcomes, CancellationToken cancellation)
    {
        var answer = await PostAsync(
            $"{worker}/results",
            outcomes.Select(ToResult).ToArray(),
            NodeConnection.CallTimeout,
            cancellation);
        return [.. answer.EnumerateArray().Select(DeliveryAnswers.Read)];
    }

    public Task ReleaseAsync(LeaseKey lease, CancellationToken cancellation) => PostAsync(
        $"/api/v1/tasks/{Uri.EscapeDataString(lease.TaskId.Value)}/release",
        new { worker_id = registration.WorkerId, epoch = lease.Epoch },
        NodeConnection.CallTimeout,
        cancellation);

    public async Task UnregisterAsync(CancellationToken cancellation)
    {
        using var response = await node.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Delete, worker), NodeConnection.CallTimeout, streamed: false, cancellation);
    }

    /// <summary>What the node tells this agent, for as long as the session holds.</summary>
    public async IAsyncEnumerable<ServerEvent> SessionAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await node.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, $"{worker}/session?instance_id={Uri.EscapeDataString(registration.InstanceId?.Value ?? "")}"),
            NodeConnection.CallTimeout,
            streamed: true,
            cancellation);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        await foreach (var said in ServerEvents.ReadAsync(stream, SessionSilence, cancellation))
        {
            yield return said;
        }
    }

    private static object ToResult(TaskOutcome outcome) => outcome.IsSuccess
        ? new { task_id = outcome.Lease.TaskId, epoch = outcome.Lease.Epoch, result = outcome.Result }
        : new
        {
            task_id = outcome.Lease.TaskId,
            epoch = outcome.Lease.Epoch,
            failure_type = outcome.FailureType,
            error_message = outcome.ErrorMessage,
            context = outcome.Context,
        };

    private async Task<JsonElement> PostAsync(string path, object body, TimeSpan timeout, CancellationToken cancellation)
    {
        using var response = await node.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, body.GetType(), null, ContractsJson.Options) },
            timeout,
            streamed: false,
            cancellation);
        try
        {
            return response.Content.Headers.ContentLength == 0
                ? JsonSerializer.SerializeToElement(new { })
                : await response.Content.ReadFromJsonAsync<JsonElement>(ContractsJson.Options, cancellation);
        }
        catch (Exception failure) when (failure is JsonException or HttpRequestException or IOException)
        {
            throw new NodeUnreachable(node.Node, failure);
        }
    }
}
