using System.Text.Json;

namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>The live events of a node since the stream was opened.</summary>
internal sealed class WatchedEvents : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly List<(string Kind, JsonElement Data)> shown = [];
    private readonly Stream stream;
    private readonly Task reading;

    private WatchedEvents(Stream stream)
    {
        this.stream = stream;
        reading = ReadAsync();
    }

    /// <summary>Opens the stream.</summary>
    public static async Task<WatchedEvents> OpenAsync(HttpClient http, Uri node) =>
        new(await http.GetStreamAsync(new Uri(node, "/api/v1/events")));

    /// <summary>The kinds of the events of a task, in order.</summary>
    public IReadOnlyList<string> OfTask(string task) => Shown("task_id", task);

    /// <summary>The kinds of the events of a worker, in order.</summary>
    public IReadOnlyList<string> OfWorker(string worker) => Shown("worker_id", worker, "worker", "breaker");

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        await reading;
    }

    private List<string> Shown(string field, string value, params string[] kinds)
    {
        lock (gate)
        {
            return
            [
                .. from happened in shown
                   where kinds.Length == 0 || kinds.Contains(happened.Kind)
                   where happened.Data.TryGetProperty(field, out var named) && named.GetString() == value
                   select happened.Kind,
            ];
        }
    }

    private async Task ReadAsync()
    {
        using var reader = new StreamReader(stream);
        var kind = "";
        try
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal))
                {
                    kind = line["event: ".Length..];
                }
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    lock (gate)
                    {
                        shown.Add((kind, JsonDocument.Parse(line["data: ".Length..]).RootElement));
                    }
                }
            }
        }
        catch (Exception over) when (over is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // A test that waits for an event reports that it is missing.
        }
    }
}
