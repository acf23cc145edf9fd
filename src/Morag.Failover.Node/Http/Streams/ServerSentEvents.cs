using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Morag.Failover.Contracts;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Streams;

/// <summary>One server-sent event: its name, and what it carries as JSON.</summary>
internal readonly record struct ServerSentEvent(string Name, byte[] Data)
{
    public static ServerSentEvent Of<T>(string name, T data) => new(name, JsonSerializer.SerializeToUtf8Bytes(data, ContractsJson.Options));
}

/// <summary>Writes server-sent events to one client until it goes, the node stops, or the source ends.</summary>
internal sealed class ServerSentEvents(HttpContext context, FailoverGateway gateway)
{
    /// <summary>Streams until there is no more to stream. Returns; never throws for a client that has gone.</summary>
    public async Task Write(ChannelReader<ServerSentEvent> events)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        // Proxies that gather answers would hold every event back.
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
            // The client went, or the node stops.
        }
        catch (IOException)
        {
            // The connection broke while something was being written.
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
                    await Event(next, over);
                }

                await context.Response.Body.FlushAsync(over);
            }
        }
        catch (ReaderTooSlowException)
        {
            await Comment("ended: this reader is too slow", over);
        }
    }

    /// <summary>Waits for an event, with a comment line for each keep-alive time without one; false once there will be none.</summary>
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
                await Comment("keep-alive", over);
            }
        }
    }

    // A line that clients ignore.
    private async Task Comment(string text, CancellationToken over)
    {
        await context.Response.WriteAsync($": {text}\n\n", over);
        await context.Response.Body.FlushAsync(over);
    }

    private async ValueTask Event(ServerSentEvent next, CancellationToken over)
    {
        await context.Response.WriteAsync($"event: {next.Name}\ndata: ", over);
        await context.Response.Body.WriteAsync(next.Data, over);
        await context.Response.Body.WriteAsync(EndOfEvent, over);
    }

    private static readonly byte[] EndOfEvent = Encoding.UTF8.GetBytes("\n\n");
}

/// <summary>The reader of a stream fell behind by more than its buffer holds.</summary>
internal sealed class ReaderTooSlowException : Exception;
