using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>
/// A worker that knows several nodes. It sends heartbeats and keeps a session open on one of them, and moves on when that node refuses the
/// connection. Whether it also moves on when that node does not answer, or has no answer, its test says, and whether it sends beats in its
/// session as long as they are confirmed.
/// </summary>
internal sealed class RoamingWorker : IAsyncDisposable
{
    private const int BeatsPerHeartbeat = 60;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan ConfirmedWithin = TimeSpan.FromSeconds(1);

    private readonly HttpClient hasty = new() { Timeout = TimeSpan.FromSeconds(1) };
    private readonly HttpClient patient = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly CancellationTokenSource stop = new();
    private readonly Uri[] nodes;
    private readonly string id;
    private readonly bool isRestless;
    private readonly bool beats;
    private readonly byte[] confirmation = new byte[256];
    private volatile ClientWebSocket? socket;
    private TaskCompletionSource confirmed = new();
    private Task running = Task.CompletedTask;
    private int current;
    private long heartbeats;
    private int sessions;

    private RoamingWorker(string id, bool isRestless, bool beats, Uri[] nodes)
    {
        this.id = id;
        this.isRestless = isRestless;
        this.beats = beats;
        this.nodes = nodes;
    }

    /// <summary>The heartbeats that were answered, and the beats that were confirmed.</summary>
    public long Heartbeats => Interlocked.Read(ref heartbeats);

    /// <summary>Registers at the first node. It stays there unless the node refuses its connection.</summary>
    public static Task<RoamingWorker> StartAsync(string id, params Uri[] nodes) => StartAsync(id, isRestless: false, beats: false, nodes);

    /// <summary>Registers at the first node. Like the agent, it moves on whenever a heartbeat is not answered.</summary>
    public static Task<RoamingWorker> StartRestlessAsync(string id, bool beats, params Uri[] nodes) =>
        StartAsync(id, isRestless: true, beats, nodes);

    private static async Task<RoamingWorker> StartAsync(string id, bool isRestless, bool beats, Uri[] nodes)
    {
        var worker = new RoamingWorker(id, isRestless, beats, nodes);
        await worker.PostAsync(worker.patient, "/register", new
        {
            registration = new
            {
                worker_id = id,
                capability = "cpu",
                instance_id = "run-1",
                heartbeat_interval_seconds = Interval.TotalSeconds,
            },
        });
        worker.running = Task.WhenAll(worker.BeatAsync(), beats ? worker.KeepSocketOpenAsync() : worker.KeepSessionOpenAsync());
        return worker;
    }

    /// <summary>Leases one task, and gives its id and epoch.</summary>
    public async Task<(string Task, long Epoch)> LeaseAsync()
    {
        JsonElement leases = default;
        var request = Guid.NewGuid().ToString("n");
        await Eventually.HoldsAsync(
            async () =>
            {
                try
                {
                    leases = await PostAsync(patient, $"/{id}/lease", new { max_tasks = 1, instance_id = "run-1", request_id = request });
                    return true;
                }
                catch (HttpRequestException refused) when (refused.StatusCode == HttpStatusCode.ServiceUnavailable)
                {
                    return false;
                }
            },
            () => $"{id} gets a lease");
        var lease = leases.EnumerateArray().Single();
        return (lease.GetProperty("task_id").GetString()!, lease.GetProperty("epoch").GetInt64());
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        hasty.Dispose();
        patient.Dispose();
        stop.Dispose();
    }

    private Uri Address(string path) => new(nodes[Volatile.Read(ref current) % nodes.Length], $"/api/v1/workers{path}");

    private async Task BeatAsync()
    {
        using var ticks = new PeriodicTimer(Interval);
        for (var left = 0; await TicksAsync(ticks); left--)
        {
            if (await IsConfirmedAsync() && left > 0)
            {
                Interlocked.Increment(ref heartbeats);
                continue;
            }

            left = BeatsPerHeartbeat;
            try
            {
                await PostAsync(hasty, $"/{id}/heartbeat", new { status = "online", instance_id = "run-1" });
                Interlocked.Increment(ref heartbeats);
            }
            catch (Exception refused) when (NodeSilence.IsBeforeSending(refused))
            {
                Move(1);
            }
            catch (Exception failed) when (NodeSilence.Explains(failed))
            {
                // The node does not answer, or has no answer: the next heartbeat asks again, or asks the other node.
                Move(isRestless ? 1 : 0);
            }
        }
    }

    private void Move(int nodesOn)
    {
        Interlocked.Add(ref current, nodesOn);
        if (nodesOn > 0)
        {
            socket?.Abort();
        }
    }

    /// <summary>Sends a beat in the session, if there is one that carries beats, and awaits its confirmation.</summary>
    private async Task<bool> IsConfirmedAsync()
    {
        var answer = confirmed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            if (socket is not { State: WebSocketState.Open } open)
            {
                return false;
            }

            await open.SendAsync(new byte[1], WebSocketMessageType.Binary, true, stop.Token);
            await answer.Task.WaitAsync(ConfirmedWithin, stop.Token);
            return true;
        }
        catch (Exception failed) when (failed is WebSocketException or IOException or TimeoutException or OperationCanceledException
            or ObjectDisposedException or InvalidOperationException)
        {
            return false;
        }
    }

    private async Task KeepSocketOpenAsync()
    {
        using var ticks = new PeriodicTimer(Interval);
        while (await TicksAsync(ticks))
        {
            using var next = new ClientWebSocket();
            next.Options.AddSubProtocol("morag.session.v1");
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
                limit.CancelAfter(hasty.Timeout);
                var address = Address($"/{id}/session?instance_id=run-1&session={++sessions}");
                await next.ConnectAsync(new UriBuilder(address) { Scheme = "ws" }.Uri, limit.Token);
                socket = next;
                while (await next.ReceiveAsync(confirmation, stop.Token) is { MessageType: not WebSocketMessageType.Close })
                {
                    confirmed.TrySetResult();
                }
            }
            catch (Exception broken) when (broken is WebSocketException or IOException or OperationCanceledException)
            {
                // Opened again at the next tick.
            }
            finally
            {
                socket = null;
            }
        }
    }

    private async Task KeepSessionOpenAsync()
    {
        using var ticks = new PeriodicTimer(Interval);
        while (await TicksAsync(ticks))
        {
            try
            {
                await using var stream = await patient.GetStreamAsync(Address($"/{id}/session?instance_id=run-1"), stop.Token);
                using var reader = new StreamReader(stream);
                while (await reader.ReadLineAsync(stop.Token) is not null)
                {
                    // Nothing in it matters here.
                }
            }
            catch (Exception broken) when (NodeSilence.Explains(broken))
            {
                // Opened again at the next tick.
            }
        }
    }

    private async Task<bool> TicksAsync(PeriodicTimer ticks)
    {
        try
        {
            return await ticks.WaitForNextTickAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<JsonElement> PostAsync(HttpClient http, string path, object body)
    {
        using var answer = await http.PostAsJsonAsync(Address(path), body, stop.Token);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>(stop.Token);
    }
}
