using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Morag.Failover.Contracts;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Streams;

/// <summary>One server-sent event: its name, its JSON data, and the id with which a reader can continue after it; null for none.</summary>
internal readonly record struct ServerSentEvent(string Name, byte[] Data, string? Id = null)
{
    /// <summary>The last event of a stream that ends by itself.</summary>
    public static readonly ServerSentEvent End = new("end", [(byte)'{', (byte)'}']);

    /// <summary>The header in which a reader says which event it had last.</summary>
    public const string LastIdHeader = "Last-Event-ID";

    public static ServerSentEvent Of<T>(string name, T data) => new(name, JsonSerializer.SerializeToUtf8Bytes(data, ContractsJson.Options));
}

/// <summary>Writes server-sent events to one client until it disconnects, the node stops, or the source ends.</summary>
internal sealed class ServerSentEvents(HttpContext context, FailoverGateway gateway)
{
    private ServerSentEvent? keepAlive;

    /// <summary>Writes the stream. Returns at its end; a client that disconnects is not an error.</summary>
    /// <param name="events">The events.</param>
    /// <param name="keepAlive">The event that is written while there is none; null writes a comment, which scripts cannot see.</param>
    public async Task Write(ChannelReader<ServerSentEvent> events, ServerSentEvent? keepAlive = null)
    {
        this.keepAlive = keepAlive;
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        // Tells nginx not to buffer the stream.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        if (HeadRequests.WantsHeadersOnly(context))
        {
            return;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, gateway.Stopping);
        try
        {
            await Comment("open", over.Token);
            await WriteAll(events, over.Token);
        }
        catch (OperationCanceledException)
        {
            // The client disconnected, or the node is stopping.
        }
        catch (IOException)
        {
            // The connection broke during a write.
        }
    }

    private async Task WriteAll(ChannelReader<ServerSentEvent> events, CancellationToken over)
    {
        try
        {
            while (await WaitOrKeepAlive(events, over))
            {
                while (events.TryRead(out var next))
                {
                    await Write(next, over);
                }

                await Flush(over);
            }
        }
        catch (ReaderTooSlowException)
        {
            await Comment("closed: this reader is too slow", over);
        }
    }

    /// <summary>Waits for an event and writes a comment line per idle keep-alive interval. False at the end of the source.</summary>
    private async Task<bool> WaitOrKeepAlive(ChannelReader<ServerSentEvent> events, CancellationToken over)
    {
        var ready = events.WaitToReadAsync(over).AsTask();
        while (true)
        {
            try
            {
                return await ready.WaitAsync(gateway.Http.KeepAlive, over);
            }
            catch (TimeoutException)
            {
                await KeepAlive(over);
            }
        }
    }

    private async Task KeepAlive(CancellationToken over)
    {
        if (keepAlive is not { } beat)
        {
            await Comment("keep-alive", over);
            return;
        }

        await Write(beat, over);
        await Flush(over);
    }

    private async Task Write(ServerSentEvent next, CancellationToken over)
    {
        await Write(next.Id is { } id ? $"id: {id}\nevent: {next.Name}\ndata: " : $"event: {next.Name}\ndata: ", over);
        await Write(next.Data, over);
        await Write("\n\n", over);
    }

    // Clients ignore comment lines.
    private async Task Comment(string text, CancellationToken over)
    {
        await Write($": {text}\n\n", over);
        await Flush(over);
    }

    private Task Write(string text, CancellationToken over) => Write(Encoding.UTF8.GetBytes(text), over);

    /// <summary>
    /// Writes in pieces, each of which has the time of <see cref="HttpLimits.StreamStall"/>. A slow reader that keeps accepting bytes keeps
    /// its connection, however large the event is.
    /// </summary>
    private async Task Write(ReadOnlyMemory<byte> bytes, CancellationToken over)
    {
        for (var rest = bytes; !rest.IsEmpty;)
        {
            var piece = rest[..Math.Min(rest.Length, HttpLimits.StreamPieceBytes)];
            await WithinStall(context.Response.Body.WriteAsync(piece, over).AsTask());
            rest = rest[piece.Length..];
        }
    }

    private Task Flush(CancellationToken over) => WithinStall(context.Response.Body.FlushAsync(over));

    /// <summary>Waits for a write, and ends the connection if its reader is too slow.</summary>
    private async Task WithinStall(Task write)
    {
        try
        {
            await write.WaitAsync(gateway.Http.StreamStall);
        }
        catch (TimeoutException)
        {
            context.Abort();
            await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new OperationCanceledException();
        }
    }
}

/// <summary>The reader of a stream fell behind by more than its buffer.</summary>
internal sealed class ReaderTooSlowException : Exception;
