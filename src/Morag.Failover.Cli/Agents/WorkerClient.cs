using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>What the node did with an outcome.</summary>
internal enum Delivery
{
    /// <summary>It is stored.</summary>
    Accepted,

    /// <summary>It was rejected because this agent no longer holds the lease.</summary>
    Late,

    /// <summary>It was rejected because it is invalid. Retrying does not help.</summary>
    Invalid,

    /// <summary>It may be accepted later.</summary>
    TryAgain,
}

/// <summary>The answer to one outcome, with a detail for the log.</summary>
internal sealed record DeliveryAnswer(Delivery Delivery, string Detail);

/// <summary>The granted leases, and those that cannot be read.</summary>
internal sealed record LeaseResponse(IReadOnlyList<LeasedTask> Leases, IReadOnlyList<UnreadableLease> Unreadable);

/// <summary>A lease that cannot be read. Its key is null if that cannot be read either.</summary>
internal sealed record UnreadableLease(LeaseKey? Key, string Problem);

/// <summary>The parts of the node's view of a worker that show whether another agent uses its id.</summary>
internal sealed record KnownWorker
{
    public KnownRegistration Registration { get; init; } = new();

    public Liveness? Liveness { get; init; }

    public DateTimeOffset? LastHeartbeat { get; init; }
}

/// <summary>The same parts of its registration.</summary>
internal sealed record KnownRegistration
{
    public InstanceId? InstanceId { get; init; }

    public WorkerLocation? Location { get; init; }

    public double? HeartbeatIntervalSeconds { get; init; }
}

/// <summary>The answer to a successful registration.</summary>
/// <param name="Message">A message for the log.</param>
/// <param name="MaxResultBytes">The largest result that the node accepts, in bytes of JSON; null if the answer does not say.</param>
internal sealed record AcceptedRegistration(string Message, int? MaxResultBytes);

/// <summary>
/// The calls of a worker. Each throws <see cref="NodeUnreachable"/> or <see cref="NodeRefused"/> if it fails, and
/// <see cref="UnreadableAnswer"/> if it succeeds with an answer that cannot be read.
/// </summary>
internal sealed class WorkerClient(NodeConnection node, WorkerRegistration registration, TimeProvider clock)
{
    // The node sends a keep-alive every few seconds.
    private static readonly TimeSpan SessionSilence = TimeSpan.FromSeconds(20);

    private readonly string worker = $"/api/v1/workers/{Uri.EscapeDataString(registration.WorkerId.Value)}";

    public Task<AcceptedRegistration> RegisterAsync(CancellationToken cancellation) => AskAsync(
        HttpMethod.Post,
        "/api/v1/workers/register",
        new { registration },
        NodeConnection.CallTimeout,
        answer => new AcceptedRegistration(
            answer.TryGetProperty("message", out var message) ? message.ToString() : "",
            answer.TryGetProperty("max_result_bytes", out var most)
                && most.ValueKind == JsonValueKind.Number && most.TryGetInt32(out var bytes) && bytes > 0 ? bytes : null),
        cancellation);

    /// <summary>The node's view of this worker; null if the node does not know it.</summary>
    public async Task<KnownWorker?> FindAsync(CancellationToken cancellation)
    {
        try
        {
            return await AskAsync(HttpMethod.Get, worker, null, NodeConnection.CallTimeout, Read<KnownWorker>, cancellation);
        }
        catch (NodeRefused refused) when (refused.Problem.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    public Task<HeldLease[]> HeartbeatAsync(
        WorkerStatus status, WorkerMetrics metrics, HeldByWorker[] held, TimeSpan timeout, CancellationToken cancellation) => AskAsync(
            HttpMethod.Post,
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
            answer => Read<HeldLease[]>(answer.ValueKind == JsonValueKind.Object ? answer.GetProperty("leases") : answer),
            cancellation);

    /// <summary>Requests leases. The same <paramref name="request"/> id gets the same leases, so a lost answer loses none.</summary>
    public Task<LeaseResponse> LeaseAsync(int maxTasks, TimeSpan wait, RequestId request, CancellationToken cancellation) => AskAsync(
        HttpMethod.Post,
        $"{worker}/lease",
        new
        {
            max_tasks = maxTasks,
            wait_seconds = wait.TotalSeconds,
            request_id = request,
            instance_id = registration.InstanceId,
        },
        wait + NodeConnection.CallTimeout,
        ReadLeases,
        cancellation);

    /// <summary>Delivers outcomes, and returns an answer for each, in order.</summary>
    public Task<DeliveryAnswer[]> DeliverAsync(IEnumerable<TaskOutcome> outcomes, CancellationToken cancellation) => AskAsync(
        HttpMethod.Post,
        $"{worker}/results",
        outcomes.Select(ToResult).ToArray(),
        NodeConnection.CallTimeout,
        answer => answer.EnumerateArray().Select(DeliveryAnswers.Read).ToArray(),
        cancellation);

    public async Task ReleaseAsync(LeaseKey lease, CancellationToken cancellation)
    {
        using var response = await SendAsync(
            HttpMethod.Post,
            $"/api/v1/tasks/{Uri.EscapeDataString(lease.TaskId.Value)}/release",
            new { worker_id = registration.WorkerId, epoch = lease.Epoch },
            NodeConnection.CallTimeout,
            cancellation);
    }

    public async Task UnregisterAsync(CancellationToken cancellation)
    {
        using var response = await SendAsync(HttpMethod.Delete, worker, null, NodeConnection.CallTimeout, cancellation);
    }

    /// <summary>Opens the session, and yields the node's events until it ends or the node fails.</summary>
    /// <exception cref="OperationCanceledException">The node failed, as another call found out.</exception>
    public async IAsyncEnumerable<ServerEvent> SessionAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var instance = Uri.EscapeDataString(registration.InstanceId?.Value ?? "");
        using var session = await node.OpenAsync(
            () => new HttpRequestMessage(HttpMethod.Get, $"{worker}/session?instance_id={instance}"), cancellation);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation, session.Abandoned);
        await using var stream = await session.ReadAsync(over.Token);
        await foreach (var received in ServerEvents.ReadAsync(stream, SessionSilence, over.Token))
        {
            yield return received;
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

    private static T Read<T>(JsonElement element) =>
        element.Deserialize<T>(AnswerJson.Options) ?? throw new JsonException("it is null");

    private static LeaseResponse ReadLeases(JsonElement answer)
    {
        var leases = new List<LeasedTask>();
        var unreadable = new List<UnreadableLease>();
        foreach (var lease in answer.EnumerateArray())
        {
            try
            {
                leases.Add(Read<LeasedTask>(lease));
            }
            catch (Exception failure) when (UnreadableAnswer.Explains(failure))
            {
                unreadable.Add(new UnreadableLease(KeyOf(lease), failure.Message));
            }
        }

        return new LeaseResponse(leases, unreadable);
    }

    private static LeaseKey? KeyOf(JsonElement lease)
    {
        try
        {
            return new LeaseKey(Read<TaskId>(lease.GetProperty("task_id")), Read<LeaseEpoch>(lease.GetProperty("epoch")));
        }
        catch (Exception failure) when (UnreadableAnswer.Explains(failure))
        {
            return null;
        }
    }

    private async Task<T> AskAsync<T>(
        HttpMethod method, string path, object? body, TimeSpan timeout, Func<JsonElement, T> read, CancellationToken cancellation)
    {
        using var response = await SendAsync(method, path, body, timeout, cancellation);
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
            using var answer = await JsonDocument.ParseAsync(stream, AnswerJson.Document, cancellation);
            return read(answer.RootElement);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            throw new NodeUnreachable(node.Node, failure);
        }
        catch (Exception failure) when (UnreadableAnswer.Explains(failure))
        {
            throw new UnreadableAnswer($"{method} {path}", failure);
        }
    }

    private Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, object? body, TimeSpan timeout, CancellationToken cancellation) => node.SendAsync(
            () => new HttpRequestMessage(method, path)
            {
                Content = body is null ? null : JsonContent.Create(body, body.GetType(), null, ContractsJson.Options),
            },
            timeout,
            streamed: false,
            cancellation);
}
