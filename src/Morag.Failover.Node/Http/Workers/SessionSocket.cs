using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;
using Morag.Failover.Actors.Sessions;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Streams;

namespace Morag.Failover.Node.Http.Workers;

/// <summary>Who ended a session.</summary>
internal enum SessionEnd
{
    /// <summary>The worker, or the network.</summary>
    Worker,

    /// <summary>This node.</summary>
    Node,
}

/// <summary>
/// A session over a WebSocket. The worker sends beats of a few bytes, and each is answered with the same bytes while the worker's entity
/// learns of them. Events for the worker are text frames. Everything else that a worker says travels in calls.
/// </summary>
internal sealed class SessionSocket(HttpContext context, FailoverGateway gateway, WatchedSession session) : IDisposable
{
    private const int MaxDrainedBytes = 1 << 20;

    private readonly SemaphoreSlim sending = new(1, 1);
    private readonly byte[] beat = new byte[SessionProtocol.MaxBeatBytes + 1];
    private WebSocket socket = null!;
    private volatile bool isOver;
    private long lastFrameAt = Environment.TickCount64;
    private long lastSentAt = Environment.TickCount64;
    private double allowance = HttpLimits.FrameBurst;

    /// <summary>Whether a request asks for a WebSocket.</summary>
    /// <exception cref="ProblemException">It does, but for another protocol.</exception>
    public static bool IsRequested(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest || HeadRequests.WantsHeadersOnly(context))
        {
            return false;
        }

        return context.WebSockets.WebSocketRequestedProtocols.Contains(SessionProtocol.Name)
            ? true
            : throw ProblemException.Invalid("Sec-WebSocket-Protocol", $"must offer {SessionProtocol.Name}");
    }

    /// <summary>Serves the session until one side ends it.</summary>
    public async Task<SessionEnd> Run(ChannelReader<ServerSentEvent> events)
    {
        socket = await Accept();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(gateway.Stopping, context.RequestAborted);
        using (socket)
        {
            var reading = Read();
            var writing = Write(events, over.Token);
            if (await Task.WhenAny(reading, writing) == writing && !reading.IsCompleted)
            {
                // The worker answers the close frame, unless it is gone.
                _ = await Task.WhenAny(reading, Task.Delay(HttpLimits.CloseTimeout));
            }

            isOver = true;
            await over.CancelAsync();
            socket.Abort();
            var end = await reading;
            await writing;
            return end;
        }
    }

    public void Dispose() => sending.Dispose();

    private async Task<WebSocket> Accept()
    {
        try
        {
            return await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
            {
                SubProtocol = SessionProtocol.Name,

                // Beats keep the connection alive. The web server's own pings would cost a timer per connection.
                KeepAliveInterval = Timeout.InfiniteTimeSpan,
            });
        }
        catch (InvalidOperationException) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            throw new ProblemException(Problem.Unavailable("too many sessions are open on this node"));
        }
    }

    private async Task<SessionEnd> Read()
    {
        try
        {
            while (true)
            {
                var frame = await socket.ReceiveAsync(beat.AsMemory(), CancellationToken.None);
                if (frame.MessageType == WebSocketMessageType.Close)
                {
                    return await Closed();
                }

                if (Fault(frame) is { } fault)
                {
                    isOver = true;
                    await Send(() => socket.CloseOutputAsync(WebSocketCloseStatus.PolicyViolation, fault, CancellationToken.None));
                    await Drain();
                    return SessionEnd.Node;
                }

                if (!session.Beat())
                {
                    continue;
                }

                await Send(() => socket.SendAsync(beat.AsMemory(0, frame.Count), WebSocketMessageType.Binary, true, CancellationToken.None)
                    .AsTask());
            }
        }
        catch (Exception) when (isOver)
        {
            return SessionEnd.Node;
        }
        catch (Exception broken) when (broken is WebSocketException or IOException or OperationCanceledException)
        {
            return SessionEnd.Worker;
        }
    }

    private async Task<SessionEnd> Closed()
    {
        if (isOver)
        {
            return SessionEnd.Node;
        }

        await Close();
        return SessionEnd.Worker;
    }

    /// <summary>Reads for a while what is still on its way: if it were not read, the reason might not arrive.</summary>
    private async Task Drain()
    {
        var buffer = new byte[4096];
        using var limit = new CancellationTokenSource(HttpLimits.CloseTimeout);
        for (var left = MaxDrainedBytes; left > 0;)
        {
            var frame = await socket.ReceiveAsync(buffer.AsMemory(), limit.Token);
            if (frame.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            left -= frame.Count + 1;
        }
    }

    private string? Fault(ValueWebSocketReceiveResult frame)
    {
        var now = Environment.TickCount64;
        var passed = (now - lastFrameAt) / 1000.0;
        allowance = Math.Min(HttpLimits.FrameBurst, allowance + (passed * HttpLimits.MaxFramesPerSecond)) - 1;
        lastFrameAt = now;
        return frame.MessageType != WebSocketMessageType.Binary || !frame.EndOfMessage || frame.Count is 0 or > SessionProtocol.MaxBeatBytes
                ? $"a frame must be binary, of 1 to {SessionProtocol.MaxBeatBytes} bytes"
            : allowance < 0 ? $"more than {HttpLimits.MaxFramesPerSecond} frames per second"
            : null;
    }

    private async Task Write(ChannelReader<ServerSentEvent> events, CancellationToken over)
    {
        try
        {
            while (await WaitOrKeepAlive(events, over))
            {
                while (events.TryRead(out var next))
                {
                    var text = Text(next);
                    await Send(() => socket.SendAsync(text, WebSocketMessageType.Text, true, CancellationToken.None).AsTask());
                }
            }

            await Close();
        }
        catch (OperationCanceledException) when (gateway.Stopping.IsCancellationRequested && !isOver)
        {
            await Close();
        }
        catch (Exception broken) when (broken is WebSocketException or IOException or OperationCanceledException)
        {
            // The reader sees it too.
        }
    }

    private async Task Close()
    {
        isOver = true;
        try
        {
            await Send(() => socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None));
        }
        catch (Exception broken) when (broken is WebSocketException or IOException or OperationCanceledException)
        {
            // The worker is gone already.
        }
    }

    /// <summary>
    /// Waits for an event. If no beat is confirmed either, it writes an empty frame, so that both ends notice a dead connection.
    /// </summary>
    private async Task<bool> WaitOrKeepAlive(ChannelReader<ServerSentEvent> events, CancellationToken over)
    {
        var ready = events.WaitToReadAsync(over).AsTask();
        while (true)
        {
            if (await Task.WhenAny(ready, Task.Delay(HttpLimits.SocketKeepAlive, over)) == ready || over.IsCancellationRequested)
            {
                return await ready;
            }

            if (Environment.TickCount64 - Volatile.Read(ref lastSentAt) >= HttpLimits.SocketKeepAlive.TotalMilliseconds)
            {
                await Send(() => socket.SendAsync(ReadOnlyMemory<byte>.Empty, WebSocketMessageType.Binary, true, CancellationToken.None)
                    .AsTask());
            }
        }
    }

    /// <summary>Sends a frame, and ends the connection if its reader takes nothing for too long.</summary>
    private async Task Send(Func<Task> send)
    {
        await sending.WaitAsync();
        try
        {
            var sent = send();
            if (!sent.IsCompletedSuccessfully)
            {
                await sent.WaitAsync(gateway.Http.StreamStall);
            }

            Volatile.Write(ref lastSentAt, Environment.TickCount64);
        }
        catch (TimeoutException)
        {
            isOver = true;
            socket.Abort();
            throw new OperationCanceledException();
        }
        finally
        {
            sending.Release();
        }
    }

    private static ReadOnlyMemory<byte> Text(ServerSentEvent next)
    {
        var buffer = new ArrayBufferWriter<byte>(next.Data.Length + 64);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("event", next.Name);
        json.WritePropertyName("data");
        json.WriteRawValue(next.Data);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
