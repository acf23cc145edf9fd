using System.CommandLine;
using System.Text.Json;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Palettes;

/// <summary>
/// Prints a stream of events until the user stops it or the stream says that it ends. When the connection breaks, it continues where it was
/// on any node that answers.
/// </summary>
internal sealed class FollowedStream(
    NodeConnection node, PaletteCommand command, PaletteCall call, bool asJson, InvocationConfiguration invocation)
{
    private const string End = "end";
    private const string LastIdHeader = "Last-Event-ID";
    private const int MaxRemembered = 4096;

    // A node writes a line at least every 15 s by default, and at most every minute.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(65);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // After a reconnect to a node that does not have the last event, some come again.
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private readonly Queue<string> remembered = new();
    private string? last;

    /// <summary>Prints the stream. Ctrl-C is the usual end.</summary>
    /// <exception cref="NodeRefused">A node rejects the call.</exception>
    /// <exception cref="NodeUnreachable">No node answers the first call.</exception>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        using var signals = new StopSignals(cancellation);
        try
        {
            await FollowAsync(signals.Stop);
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
        }

        return ExitCode.Ok;
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        var (wasOpen, pause, complained) = (false, FirstPause, false);
        while (true)
        {
            string why;
            try
            {
                using var stream = await node.OpenAsync(Request, stop);
                if (complained)
                {
                    await invocation.Error.WriteLineAsync($"connected to {node.Node.GetLeftPart(UriPartial.Authority)}");
                }

                (wasOpen, pause, complained) = (true, FirstPause, false);
                if (await PrintAsync(stream, stop))
                {
                    return;
                }

                why = "the node ended the stream";
            }
            catch (Exception lost) when (wasOpen && IsPassing(lost))
            {
                why = lost.Message;
            }

            if (!complained)
            {
                await invocation.Error.WriteLineAsync(Cell.Safe($"connection lost: {why}; connecting again"));
                complained = true;
            }

            await Task.Delay(pause, stop);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private static bool IsPassing(Exception lost) =>
        lost is IOException or TimeoutException or NodeUnreachable
        || lost is NodeRefused { Problem: var problem } && (problem.IsTransient || !problem.IsFromNode);

    private HttpRequestMessage Request()
    {
        var request = call.ToRequest();
        if (last is not null)
        {
            _ = request.Headers.TryAddWithoutValidation(LastIdHeader, last);
        }

        return request;
    }

    /// <summary>Prints the events of one connection. Returns whether the stream said that it ends.</summary>
    private async Task<bool> PrintAsync(NodeStream stream, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop, stream.Abandoned);
        try
        {
            await LearnAsync(over.Token);
            var content = await stream.ReadAsync(over.Token);
            await foreach (var received in ServerEvents.ReadAsync(content, Silence, MessageLimits.MaxBytes, over.Token))
            {
                if (received.Kind == End)
                {
                    return true;
                }

                if (received.Id is null || Remember(received.Id))
                {
                    Print(received);
                }
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new IOException("the node failed");
        }

        return false;
    }

    // So that the stream can continue on a node whose address was not given.
    private async Task LearnAsync(CancellationToken cancellation)
    {
        try
        {
            _ = await node.LearnAsync(cancellation);
        }
        catch (Exception failure) when (failure is NodeRefused or NodeUnreachable)
        {
            // Then it continues on the nodes that are known.
        }
    }

    private bool Remember(string id)
    {
        last = id;
        if (!seen.Add(id))
        {
            return false;
        }

        remembered.Enqueue(id);
        if (remembered.Count > MaxRemembered)
        {
            _ = seen.Remove(remembered.Dequeue());
        }

        return true;
    }

    private void Print(ServerEvent received)
    {
        JsonElement data;
        try
        {
            data = JsonSerializer.Deserialize<JsonElement>(received.Data, Wire.Options);
        }
        catch (JsonException failure)
        {
            throw new CommandFailure(ExitCode.NodeError, $"an event of the node cannot be read: {failure.Message}");
        }

        invocation.Output.WriteLine(asJson
            ? JsonSerializer.Serialize(new { @event = received.Kind, id = received.Id, data }, Wire.Options)
            : Line(received.Kind, data));
        invocation.Output.Flush();
    }

    /// <summary>The kind of the event and its values; those that it does not have are left out.</summary>
    private string Line(string kind, JsonElement data)
    {
        var values = command.Columns
            .Select(column => (column, Value: Cell.At(data, column.Field)))
            .Where(cell => cell.Value is { ValueKind: not JsonValueKind.Null })
            .Select(cell => (cell.column.Header, Text: Cell.Text(cell.Value, cell.column.Format)))
            .Select(cell => cell.Header.Length == 0 ? cell.Text : $"{cell.Header}={cell.Text}")
            .ToList();
        var isOnlyKind = command.Columns.Length > 0 && values.Count == 0;
        return string.Join("  ", [Cell.Safe(kind), .. values, .. isOnlyKind ? [Cell.Text(data)] : Array.Empty<string>()]);
    }
}
