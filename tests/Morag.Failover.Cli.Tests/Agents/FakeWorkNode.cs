using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>A minimal node for one agent: leases by request id, results, heartbeats and a session.</summary>
public sealed class FakeWorkNode : FakeNode
{
    private readonly ConcurrentQueue<OfferedTask> offered = new();
    private readonly ConcurrentDictionary<string, OfferedTask[]> granted = new();
    private readonly Channel<(string Kind, string Data)> session = Channel.CreateUnbounded<(string, string)>();
    private long lastEpoch;
    private long heartbeats;
    private long beats;
    private int leaseAnswersToLose;

    public FakeWorkNode() => Answer = AnswerAsync;

    /// <summary>The epochs of the leases that the node lists for the worker, by task id.</summary>
    public ConcurrentDictionary<string, long> Believed { get; } = new();

    /// <summary>Every delivered outcome, in order.</summary>
    public ConcurrentQueue<JsonObject> Outcomes { get; } = new();

    /// <summary>The status of the answer to an outcome.</summary>
    public Func<JsonObject, int> StatusOf { get; set; } = _ => 200;

    /// <summary>The status of the answer to a report of progress.</summary>
    public int ProgressStatus { get; set; } = 200;

    /// <summary>Whether it rejects calls of any instance but the last one that registered.</summary>
    public bool KnowsInstances { get; init; }

    /// <summary>The instance that registered last; null if the worker is not registered.</summary>
    public string? Instance { get; set; }

    /// <summary>The result limit that it declares, in bytes; null declares none.</summary>
    public int? MaxResultBytes { get; init; }

    /// <summary>Whether it accepts sessions over a WebSocket.</summary>
    public bool HasSockets { get; init; }

    /// <summary>Whether it confirms beats.</summary>
    public bool ConfirmsBeats { get; set; } = true;

    /// <summary>The beats that arrived.</summary>
    public long Beats => Interlocked.Read(ref beats);

    /// <summary>Whether a session is open.</summary>
    public bool SessionOpen { get; private set; }

    public void Offer(string taskId, string payload, double remainingSeconds = 600) =>
        OfferRaw(taskId, JsonSerializer.Serialize(payload), remainingSeconds);

    /// <summary>Offers a task with a raw payload, which may be invalid JSON.</summary>
    public void OfferRaw(string taskId, string payload, double remainingSeconds = 600, string checkpoint = "null")
    {
        var epoch = Interlocked.Increment(ref lastEpoch);
        var json = string.Create(CultureInfo.InvariantCulture, $$"""
            {"task_id":"{{taskId}}","epoch":{{epoch}},"queue":"cpu_standard","payload":{{payload}},"quality":{},"attempt":1,
            "deadline":"2030-01-01T00:00:00Z","remaining_seconds":{{remainingSeconds}},"checkpoint":{{checkpoint}}}
            """);
        offered.Enqueue(new OfferedTask(taskId, epoch, json));
    }

    public void LoseNextLeaseAnswer() => Interlocked.Increment(ref leaseAnswersToLose);

    public void Send(string kind, object data) =>
        session.Writer.TryWrite((kind, JsonSerializer.Serialize(data)));

    private async Task<IResult?> AnswerAsync(SeenCall call, HttpContext context)
    {
        var path = call.PathAndQuery.Split('?')[0];
        var step = path[(path.LastIndexOf('/') + 1)..];
        if (IsOfAnotherInstance(call))
        {
            return AnotherInstance();
        }

        return (call.Method, step) switch
        {
            ("GET", "w") when KnowsInstances && Instance is not null => Json(new
            {
                registration = new
                {
                    worker_id = "w",
                    instance_id = Instance,
                    location = new { hostname = "here" },
                    heartbeat_interval_seconds = 0.1,
                },
                status = "online",
                liveness = "alive",
                last_heartbeat = DateTimeOffset.UnixEpoch.AddSeconds(Interlocked.Read(ref heartbeats)),
            }),
            ("POST", "register") => Register(call),
            ("POST", "heartbeat") => Json(new
            {
                number = Interlocked.Increment(ref heartbeats),
                leases = Believed.Select(lease => new
                {
                    task_id = lease.Key,
                    epoch = lease.Value,
                    queue = "cpu_standard",
                    granted_at = "2029-12-31T23:50:00Z",
                    deadline = "2030-01-01T00:00:00Z",
                }),
                draining = false,
            }),
            ("POST", "lease") => await LeaseAsync(call, context),
            ("POST", "results") => Json(((JsonArray)call.Body!).Select(item => AddOutcome((JsonObject)item!)).ToArray()),
            ("POST", "progress") => ProgressStatus == 200
                ? Json(new { task_id = path.Split('/')[^2], epoch = call.Body!["epoch"], stored = true })
                : Results.Problem("no progress, please", type: ProblemTypes.Unknown, statusCode: ProgressStatus),
            ("POST", "release") => Release(path),
            ("GET", "session") => await SessionAsync(context),
            ("DELETE", _) => Results.NoContent(),
            _ => Results.Problem($"there is no {path}", type: ProblemTypes.Unknown, statusCode: 404),
        };
    }

    private bool IsOfAnotherInstance(SeenCall call) =>
        KnowsInstances && (string?)(call.Body as JsonObject)?["instance_id"] is { } caller && caller != Instance;

    private IResult AnotherInstance() => Instance is null
        ? Results.Problem("no instance is registered", type: ProblemTypes.Unknown, statusCode: 404)
        : Results.Problem("another instance is registered", type: ProblemTypes.Conflict, statusCode: 409);

    private async Task<IResult?> LeaseAsync(SeenCall call, HttpContext context)
    {
        var request = (string)call.Body!["request_id"]!;
        if (!granted.TryGetValue(request, out var leases))
        {
            var given = new List<OfferedTask>();
            for (var waited = 0; waited < 50 && given.Count == 0; waited++)
            {
                if (IsOfAnotherInstance(call))
                {
                    return AnotherInstance();
                }

                while (given.Count < (int)call.Body["max_tasks"]! && offered.TryDequeue(out var task))
                {
                    given.Add(task);
                    Believed[task.TaskId] = task.Epoch;
                }

                if (given.Count == 0)
                {
                    await Task.Delay(20);
                }
            }

            leases = [.. given];
            granted[request] = leases;
            if (leases.Length > 0 && Interlocked.Exchange(ref leaseAnswersToLose, 0) > 0)
            {
                context.Abort();
                return null;
            }
        }

        return Results.Text($"[{string.Join(',', leases.Select(lease => lease.Json))}]", "application/json");
    }

    private object AddOutcome(JsonObject outcome)
    {
        Outcomes.Enqueue(outcome);
        Believed.TryRemove((string)outcome["task_id"]!, out _);
        var status = StatusOf(outcome);
        return new
        {
            task_id = (string)outcome["task_id"]!,
            epoch = (long)outcome["epoch"]!,
            accepted = status == 200,
            error = status == 200 ? null : new { status, detail = "as the test says" },
        };
    }

    private IResult Register(SeenCall call)
    {
        Instance = (string?)call.Body!["registration"]!["instance_id"];
        return Json(new { success = true, message = "registered", worker_id = "w", max_result_bytes = MaxResultBytes });
    }

    private IResult Release(string path)
    {
        Believed.TryRemove(path.Split('/')[^2], out _);
        return Json(new { });
    }

    private async Task<IResult?> SessionAsync(HttpContext context)
    {
        var overSocket = HasSockets && context.WebSockets.IsWebSocketRequest;
        try
        {
            await (overSocket ? SocketAsync(context) : StreamAsync(context));
        }
        catch (Exception closed) when (closed is OperationCanceledException or WebSocketException)
        {
            // The agent closed its session.
        }
        finally
        {
            SessionOpen = false;
        }

        return Results.Empty;
    }

    private async Task StreamAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(": open\n\n");
        await context.Response.Body.FlushAsync();
        SessionOpen = true;
        await foreach (var (kind, data) in session.Reader.ReadAllAsync(context.RequestAborted))
        {
            await context.Response.WriteAsync($"event: {kind}\ndata: {data}\n\n");
            await context.Response.Body.FlushAsync();
        }
    }

    private async Task SocketAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(SessionProtocol.Name);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        SessionOpen = true;
        var reading = ReadBeatsAsync(socket, over.Token);
        var sending = SendEventsAsync(socket, over.Token);
        await await Task.WhenAny(reading, sending);
        await over.CancelAsync();
    }

    private async Task ReadBeatsAsync(WebSocket socket, CancellationToken over)
    {
        var buffer = new byte[16];
        while (await socket.ReceiveAsync(buffer.AsMemory(), over) is { MessageType: WebSocketMessageType.Binary, Count: var count })
        {
            Interlocked.Increment(ref beats);
            if (ConfirmsBeats)
            {
                await socket.SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Binary, true, over);
            }
        }
    }

    private async Task SendEventsAsync(WebSocket socket, CancellationToken over)
    {
        await foreach (var (kind, data) in session.Reader.ReadAllAsync(over))
        {
            var text = Encoding.UTF8.GetBytes($$"""{"event":"{{kind}}","data":{{data}}}""");
            await socket.SendAsync(text.AsMemory(), WebSocketMessageType.Text, true, over);
        }
    }

    private sealed record OfferedTask(string TaskId, long Epoch, string Json);
}
