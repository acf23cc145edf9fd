using System.Runtime.CompilerServices;
using System.Text;

namespace Morag.Failover.Client.Connection;

/// <summary>A server-sent event, with the id by which a reader can continue after it; null for none.</summary>
internal sealed record ServerEvent(string Kind, string Data, string? Id = null);

/// <summary>Reads server-sent events as they arrive.</summary>
internal static class ServerEvents
{
    /// <summary>Reads the events of a stream until it ends.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="silence">The longest time without a line. It reveals a peer that vanished without closing the connection.</param>
    /// <param name="maxBytes">The most bytes of a line, and the most characters of an event's data.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="IOException">The connection broke, or an event is too large.</exception>
    /// <exception cref="TimeoutException">Nothing arrived for <paramref name="silence"/>, not even a keep-alive.</exception>
    public static async IAsyncEnumerable<ServerEvent> ReadAsync(
        Stream stream, TimeSpan silence, int maxBytes, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var lines = new BoundedLines(stream, maxBytes);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var kind = "message";
        string? id = null;
        var data = new StringBuilder();
        while (await LineAsync(lines, limit, silence, cancellation) is { } line)
        {
            if (line.Length == 0)
            {
                if (data.Length > 0)
                {
                    yield return new ServerEvent(kind, data.ToString(), id);
                }

                (kind, id) = ("message", null);
                data.Clear();
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var field = colon < 0 ? line : line[..colon];
            var value = colon < 0 ? "" : line[(colon + 1)..];
            value = value.StartsWith(' ') ? value[1..] : value;
            if (field == "event")
            {
                kind = value;
            }
            else if (field == "id")
            {
                id = value;
            }
            else if (field == "data")
            {
                if (data.Length + value.Length > maxBytes)
                {
                    throw new IOException($"an event is larger than {maxBytes} bytes");
                }

                _ = data.Length > 0 ? data.Append('\n').Append(value) : data.Append(value);
            }
        }
    }

    private static async Task<string?> LineAsync(
        BoundedLines lines, CancellationTokenSource limit, TimeSpan silence, CancellationToken cancellation)
    {
        limit.CancelAfter(silence);
        try
        {
            return await lines.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing received for {silence.TotalSeconds:0} s");
        }
        catch (HttpIOException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }
}
