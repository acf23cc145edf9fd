using System.Globalization;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Morag.Failover.Client;
using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using static Morag.Failover.Client.Connection.AnswerJson;

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

/// <summary>
/// The calls of a worker. Those of <see cref="IInstanceCalls"/> throw a <see cref="MoragException"/> if they fail. Each other one throws
/// <see cref="NodeUnreachable"/> or <see cref="NodeRefused"/>, and <see cref="UnreadableAnswer"/> if it succeeds with an answer that cannot
/// be read.
/// </summary>
internal sealed class WorkerClient(NodeConnection node, WorkerRegistration registration, TimeProvider clock) : IInstanceCalls
{
    // So many sockets in a row without a confirmed beat make the next session a stream: something in between may break them.
    private const int MaxUselessSockets = 2;

    // The node sends a keep-alive every few seconds.
    private static readonly TimeSpan SessionSilence = TimeSpan.FromSeconds(20);

    private readonly string worker = $"/api/v1/workers/{Uri.EscapeDataString(registration.WorkerId.Value)}";
    private long sessions;
    private int uselessSockets;
    private int leasesInDoubt;

    public WorkerRegistration Registration => registration;

    /// <summary>The largest result that the node accepts, in bytes of JSON, as its answer to the last registration says.</summary>
    public int MaxResultBytes { get; private set; } = TaskLimits.DefaultMaxPayloadBytes;

    public async Task RegisterAsync(CancellationToken cancellation) => MaxResultBytes = await CallFailures.TranslateAsync(() => AskAsync(
        HttpMethod.Post,
        "/api/v1/workers/register",
        new { registration },
        answer => answer.TryGetProperty("max_result_bytes", out var most)
            && most.ValueKind == JsonValueKind.Number && most.TryGetInt32(out var bytes) && bytes > 0 ? bytes : MaxResultBytes,
        cancellation));

    public async Task<OtherInstance?> FindOtherAsync(CancellationToken cancellation)
    {
        try
        {
            var found = await CallFailures.TranslateAsync(() => AskAsync(HttpMethod.Get, worker, null, Read<KnownWorker>, cancellation));
            return found is { Liveness: not Liveness.Offline, Registration: { InstanceId: { } instance } known }
                && instance != registration.InstanceId
                && !IsEarlierRun(known)
                    ? new OtherInstance(instance, known.Location?.Hostname ?? "", found.LastHeartbeat, known.HeartbeatIntervalSeconds)
                    : null;
        }
        catch (MoragNotFoundException)
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
            answer => Read<HeldLease[]>(answer.ValueKind == JsonValueKind.Object ? answer.GetProperty("leases") : answer),
            cancellation,
            timeout);

    public async Task<ReceivedLeases> LeaseAsync(int maxTasks, TimeSpan wait, RequestId request, CancellationToken cancellation)
    {
        try
        {
            return await CallFailures.TranslateAsync(() => AskAsync(
                HttpMethod.Post,
                $"{worker}/lease",
                new
                {
                    max_tasks = maxTasks,
                    wait_seconds = wait.TotalSeconds,
                    request_id = request,
                    instance_id = registration.InstanceId,
                },
                LeaseAnswers.Read,
                cancellation,
                wait: wait));
        }
        catch
        {
            Interlocked.Exchange(ref leasesInDoubt, 1);
            throw;
        }
    }

    /// <summary>Whether a request for leases has failed since the last call: the node may have granted some.</summary>
    public bool ConsumeLeaseDoubt() => Interlocked.Exchange(ref leasesInDoubt, 0) == 1;

    /// <summary>Delivers outcomes, and returns an answer for each, in order.</summary>
    public Task<DeliveryAnswer[]> DeliverAsync(IEnumerable<TaskOutcome> outcomes, CancellationToken cancellation) => AskAsync(
        HttpMethod.Post,
        $"{worker}/results",
        outcomes.Select(ToResult).ToArray(),
        answer => answer.EnumerateArray().Select(DeliveryAnswers.Read).ToArray(),
        cancellation);

    public async Task ReleaseAsync(LeaseKey lease, CancellationToken cancellation)
    {
        using var response = await SendAsync(
            HttpMethod.Post,
            $"/api/v1/tasks/{Uri.EscapeDataString(lease.TaskId.Value)}/release",
            new { worker_id = registration.WorkerId, epoch = lease.Epoch },
            cancellation);
    }

    public async Task ReportProgressAsync(LeaseKey lease, ProgressUpdate update, CancellationToken cancellation)
    {
        using var response = await SendAsync(
            HttpMethod.Post,
            $"/api/v1/tasks/{Uri.EscapeDataString(lease.TaskId.Value)}/progress",
            new { worker_id = registration.WorkerId, epoch = lease.Epoch, update.Percent, update.Message, update.Checkpoint },
            cancellation);
    }

    public async Task UnregisterAsync(CancellationToken cancellation)
    {
        // A successor may have taken the id over, which this agent has not heard of.
        var instance = registration.InstanceId is { } id ? $"?instance_id={Uri.EscapeDataString(id.Value)}" : "";
        using var response = await SendAsync(HttpMethod.Delete, worker + instance, null, cancellation);
    }

    /// <summary>
    /// Opens the session, and yields the node's events until it ends or the node fails. It is a WebSocket if the node and what is in
    /// between allow it.
    /// </summary>
    /// <param name="onSocket">Called with the WebSocket.</param>
    /// <param name="cancellation">Ends the session.</param>
    /// <exception cref="OperationCanceledException">The node failed, as another call found out.</exception>
    public async IAsyncEnumerable<ServerEvent> SessionAsync(
        Action<WorkerSocket> onSocket, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var session = await OpenSessionAsync(cancellation);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation, session.Stream.Abandoned);
        if (session is { Stream.IsSocket: true, Upgrade: { } upgrade })
        {
            uselessSockets++;
            using var socket = new WorkerSocket(await session.Stream.SocketAsync(upgrade, over.Token), clock);
            onSocket(socket);
            try
            {
                await foreach (var received in socket.ReadAsync(over.Token))
                {
                    yield return received;
                }
            }
            finally
            {
                uselessSockets = socket.HasConfirmed ? 0 : uselessSockets;
            }

            yield break;
        }

        await using var stream = await session.Stream.ReadAsync(over.Token);
        await foreach (var received in ServerEvents.ReadAsync(
            stream, SessionSilence, SessionProtocol.MaxEventBytes, over.Token))
        {
            yield return received;
        }
    }

    private async Task<OpenedSession> OpenSessionAsync(CancellationToken cancellation)
    {
        var instance = Uri.EscapeDataString(registration.InstanceId?.Value ?? "");
        var upgrade = uselessSockets < MaxUselessSockets ? new SocketUpgrade(SessionProtocol.Name) : null;
        uselessSockets = upgrade is null ? 0 : uselessSockets;
        try
        {
            var stream = await node.OpenAsync(
                () =>
                {
                    // Each attempt has a number of its own. The latest one counts, even if an earlier one is answered later.
                    var number = Interlocked.Increment(ref sessions);
                    var path = string.Create(CultureInfo.InvariantCulture, $"{worker}/session?instance_id={instance}&session={number}");
                    var request = new HttpRequestMessage(HttpMethod.Get, path);
                    return upgrade?.AddTo(request) ?? request;
                },
                cancellation);
            return new OpenedSession(stream, upgrade);
        }
        catch (NodeRefused refused) when (!refused.Problem.IsFromNode)
        {
            // A proxy may not like the request for a WebSocket. The next attempt is the other kind.
            uselessSockets = upgrade is null ? 0 : MaxUselessSockets;
            throw;
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

    // This agent holds the lock of the folder, so an earlier run on it has ended. A copy of the folder is on another host.
    private bool IsEarlierRun(KnownRegistration registered) =>
        WorkFolder.IsOfSameFolder(registered.InstanceId, registration.InstanceId)
        && registered.Location?.Hostname == registration.Location.Hostname;

    private async Task<T> AskAsync<T>(
        HttpMethod method,
        string path,
        object? body,
        Func<JsonElement, T> read,
        CancellationToken cancellation,
        TimeSpan? timeout = null,
        TimeSpan wait = default)
    {
        using var response = await SendAsync(method, path, body, cancellation, timeout, wait);
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
            using var answer = await JsonDocument.ParseAsync(stream, AnswerJson.Document, cancellation);
            return read(answer.RootElement);
        }
        catch (Exception failure) when (NoAnswer.Explains(failure))
        {
            throw new NodeUnreachable(node.Node, failure);
        }
        catch (Exception failure) when (UnreadableAnswer.Explains(failure))
        {
            throw new UnreadableAnswer($"{method} {path}", failure);
        }
    }

    private Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        object? body,
        CancellationToken cancellation,
        TimeSpan? timeout = null,
        TimeSpan wait = default) => node.SendAsync(
            () => new HttpRequestMessage(method, path)
            {
                Content = body is null ? null : JsonContent.Create(body, body.GetType(), null, ContractsJson.Options),
            },
            timeout ?? NodeConnection.CallTimeout,
            streamed: false,
            cancellation,
            wait: wait);

    private sealed record OpenedSession(NodeStream Stream, SocketUpgrade? Upgrade) : IDisposable
    {
        public void Dispose() => Stream.Dispose();
    }
}
