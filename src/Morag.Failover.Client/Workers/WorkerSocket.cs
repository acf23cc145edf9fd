using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Workers;

/// <summary>The worker's end of a session over a WebSocket. Beats go out and events come in at the same time.</summary>
internal sealed class WorkerSocket(WebSocket socket, TimeProvider clock) : IDisposable
{
    /// <summary>A confirmation is due within the time in which a live node answers any call.</summary>
    public static readonly TimeSpan ConfirmedWithin = TimeSpan.FromSeconds(1);

    // The node writes something at least every 20 s, even if it confirms no beats.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    // A node that does not confirm beats, such as one of a version that cannot, must not slow down the heartbeats.
    private const int WaitsWithoutAnswer = 2;

    private readonly Lock beating = new();
    private Beat last = new(0);
    private Task sent = Task.CompletedTask;
    private int unanswered;

    /// <summary>Whether the node has confirmed any beat.</summary>
    public bool HasConfirmed { get; private set; }

    /// <summary>
    /// Sends a beat, and waits for its confirmation. After two beats in a row that were not confirmed, it does not wait until one is.
    /// </summary>
    /// <returns>Whether the node confirmed it in time.</returns>
    public async Task<bool> BeatAsync(CancellationToken cancellation)
    {
        var wasConfirmed = last.Confirmed.Task.IsCompleted;
        if (!TrySend())
        {
            return false;
        }

        if (unanswered >= WaitsWithoutAnswer && !wasConfirmed)
        {
            return false;
        }

        try
        {
            await last.Confirmed.Task.WaitAsync(ConfirmedWithin, clock, cancellation);
            (unanswered, HasConfirmed) = (0, true);
            return true;
        }
        catch (TimeoutException)
        {
            unanswered++;
            return false;
        }
    }

    /// <summary>Sends a beat without waiting for anything.</summary>
    /// <returns>False if an earlier one is still being sent.</returns>
    public bool TrySend()
    {
        lock (beating)
        {
            // A node that takes no bytes may only be frozen.
            if (!sent.IsCompleted)
            {
                return false;
            }

            var next = new Beat((byte)(last.Number + 1));
            Volatile.Write(ref last, next);
            sent = SendAsync(next.Number);
            return true;
        }
    }

    /// <summary>Reads the events until the session ends.</summary>
    /// <exception cref="IOException">The connection broke, or the node sends what this worker does not understand.</exception>
    /// <exception cref="TimeoutException">Nothing arrived for a long time.</exception>
    public async IAsyncEnumerable<ServerEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var buffer = new byte[1024];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                if (length == buffer.Length)
                {
                    Array.Resize(
                        ref buffer, length < SessionProtocol.MaxEventBytes ? length * 2 : throw new IOException("an event is too large"));
                }

                part = await ReceiveAsync(buffer.AsMemory(length), limit, cancellation);
                length += part.Count;
            }
            while (!part.EndOfMessage);

            switch (part.MessageType)
            {
                case WebSocketMessageType.Close:
                    await CloseAsync();
                    yield break;
                case WebSocketMessageType.Text:
                    yield return Read(buffer.AsMemory(0, length));
                    break;
                case WebSocketMessageType.Binary when length == 1 && Volatile.Read(ref last) is var beat && buffer[0] == beat.Number:
                    beat.Confirmed.TrySetResult();
                    break;
                default:
                    // A late confirmation, or a keep-alive.
                    break;
            }
        }
    }

    public void Dispose()
    {
        socket.Abort();
        socket.Dispose();
    }

    private static ServerEvent Read(ReadOnlyMemory<byte> text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            var kind = json.RootElement.GetProperty("event").GetString();
            return new ServerEvent(kind ?? "", json.RootElement.GetProperty("data").GetRawText());
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new IOException($"an event cannot be read: {failure.Message}", failure);
        }
    }

    private async Task<ValueWebSocketReceiveResult> ReceiveAsync(
        Memory<byte> buffer, CancellationTokenSource limit, CancellationToken cancellation)
    {
        limit.CancelAfter(Silence);
        try
        {
            return await socket.ReceiveAsync(buffer, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing received for {Silence.TotalSeconds:0} s");
        }
        catch (Exception failure) when (failure is WebSocketException or ObjectDisposedException && !cancellation.IsCancellationRequested)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    private async Task CloseAsync()
    {
        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }
        catch (Exception failure) when (failure is WebSocketException or IOException or ObjectDisposedException)
        {
            // The node is gone already.
        }
    }

    private async Task SendAsync(byte number)
    {
        try
        {
            // Not cancelled: that would break the connection.
            await socket.SendAsync(new[] { number }.AsMemory(), WebSocketMessageType.Binary, true, CancellationToken.None);
        }
        catch (Exception failure) when (failure is WebSocketException or IOException or ObjectDisposedException
            or InvalidOperationException)
        {
            // The reader notices it too.
        }
    }

    private sealed record Beat(byte Number)
    {
        public TaskCompletionSource Confirmed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
