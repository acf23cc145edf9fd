using System.Net;
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

/// <summary>What the node gave: leases, and those that are no leases to this agent.</summary>
internal sealed record LeaseResponse(IReadOnlyList<LeasedTask> Leases, IReadOnlyList<UnreadableLease> Unreadable);

/// <summary>A lease that cannot be read. Its key is null where not even that can.</summary>
internal sealed record UnreadableLease(LeaseKey? Key, string Problem);

/// <summary>Of a worker as the node knows it, what tells whether another agent works under its id.</summary>
internal sealed record KnownWorker
{
    public KnownRegistration Registration { get; init; } = new();

    public Liveness? Liveness { get; init; }

    public DateTimeOffset? LastHeartbeat { get; init; }
}

/// <summary>Of the registration of such a worker.</summary>
internal sealed record KnownRegistration
{
    public InstanceId? InstanceId { get; init; }

    public WorkerLocation? Location { get; init; }

    public double? HeartbeatIntervalSeconds { get; init; }
}

/// <summary>What the node answered to a registration that it accepted.</summary>
/// <param name="Message">What happened, in words.</param>
/// <param name="MaxResultBytes">The largest result that it takes, in bytes of JSON; null if it does not say.</param>
internal sealed record AcceptedRegistration(string Message, int? MaxResultBytes);

/// <summary>
/// The calls of a worker, typed. Every one throws <see cref="NodeUnreachable"/> or <see cref="NodeRefused"/> when it fails, and
/// <see cref="UnreadableAnswer"/> when it succeeded with an answer that makes no sense.
/// </summary>
internal sealed class WorkerClient(NodeConnection node, WorkerRegistration registration, TimeProvider clock)
{
    // A keep-alive comes every few seconds.
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

    /// <summary>The worker as the node knows it; null where it does not.</summary>
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

    /// <summary>The same <paramref name="request"/> again gives the same leases, so that a lost answer loses none.</summary>
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

    /// <summary>Hands in outcomes; one answer for each, in their order.</summary>
    public Task<DeliveryAnswer[]> DeliverAsync(IEnumerable<TaskOutcome> outcomes, CancellationToken cancellation) => AskAsync(
        HttpMethod.Post,
        $"{worker}/results",
        outcomes.Select(ToResult).ToArray(),
        NodeConnection.CallTimeout,
        answer => answer.EnumerateArray().Select(DeliveryAnswers.Read).ToArray(),
        cancellation);

    public async Task ReleaseAsync(LeaseKey lease, CancellationToken cancellation)
    {
        // That it succeeded says everything.
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

    private static T Read<T>(JsonElement element) =>
        element.Deserialize<T>(AgentJson.Options) ?? throw new JsonException("it is null");

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
            using var answer = await JsonDocument.ParseAsync(stream, AgentJson.Document, cancellation);
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
