using System.Globalization;
using System.Text.Json;
using Morag.Failover.Client.Connection;
using Morag.Failover.Cli.Palettes;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Demo;

/// <summary>Prints the node's live events that belong to this run of the demo, as they happen.</summary>
/// <param name="output">Where the story is printed if there is no timeline.</param>
/// <param name="timeline">The picture below the story; null if the output is no terminal.</param>
/// <param name="run">The id of the run.</param>
/// <param name="files">The file of each task.</param>
/// <param name="clock">The clock.</param>
internal sealed class DemoStory(
    TextWriter output, DemoTimeline? timeline, string run, IReadOnlyDictionary<string, string> files, TimeProvider clock)
{
    private static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(60);

    private readonly Lock writing = new();
    private readonly string mine = $"demo-{run}-";

    public void Write(string line)
    {
        var text = $"{clock.GetLocalNow().ToString("HH:mm:ss.f", CultureInfo.InvariantCulture)}  {Cell.Safe(line)}";
        if (timeline is not null)
        {
            timeline.Write(text);
            return;
        }

        lock (writing)
        {
            output.WriteLine(text);
            output.Flush();
        }
    }

    /// <summary>Prints events until it is cancelled. The demo goes on when the stream ends early.</summary>
    public async Task FollowAsync(HttpResponseMessage events, CancellationToken cancellation)
    {
        try
        {
            await using var stream = await events.Content.ReadAsStreamAsync(cancellation);
            await foreach (var live in ServerEvents.ReadAsync(stream, MaxSilence, MessageLimits.MaxBytes, cancellation))
            {
                using var data = JsonDocument.Parse(live.Data);
                if (live.Kind == "failure")
                {
                    timeline?.Fail(Cell.Text(Cell.At(data.RootElement, "worker_id")));
                }

                if (Line(live.Kind, data.RootElement) is { } line)
                {
                    Write(line);
                }
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or TimeoutException
            || UnreadableAnswer.Explains(ended) || NoAnswer.Explains(ended))
        {
            if (!cancellation.IsCancellationRequested)
            {
                Write($"the live events ended early: {ended.Message}");
            }
        }
    }

    private string? Line(string kind, JsonElement data)
    {
        var worker = Cell.Text(Cell.At(data, "worker_id"));
        return kind switch
        {
            "worker" when IsMine(worker) =>
                $"worker {Short(worker)}: {Cell.Text(Cell.At(data, "what"))}{Detail(data, "detail")}",
            "breaker" when IsMine(worker) =>
                $"worker {Short(worker)}: breaker {Cell.Text(Cell.At(data, "state"))}{Detail(data, "reason")}",
            "decision" when IsMine(Cell.Text(Cell.At(data, "task_id"))) =>
                $"{FileOf(data)}: {Cell.Text(Cell.At(data, "failure_event.failure_type"))} on "
                + $"{Short(Cell.Text(Cell.At(data, "failure_event.worker_id")))}; decision: "
                + $"{Cell.Text(Cell.At(data, "selected_action.strategy"))} "
                + $"(confidence {Cell.Text(Cell.At(data, "confidence"), ColumnFormat.Percent)})",
            "resolved" when IsMine(Cell.Text(Cell.At(data, "task_id"))) =>
                $"{FileOf(data)}: {Cell.Text(Cell.At(data, "outcome"))}{Detail(data, "detail")}",
            _ => null,
        };
    }

    private bool IsMine(string id) => id.StartsWith(mine, StringComparison.Ordinal);

    private string Short(string worker) => IsMine(worker) ? worker[mine.Length..] : worker;

    private string FileOf(JsonElement data)
    {
        var task = Cell.Text(Cell.At(data, "task_id"));
        return files.TryGetValue(task, out var path) ? Path.GetFileName(path) : task;
    }

    private static string Detail(JsonElement data, string field) =>
        Cell.At(data, field) is { ValueKind: JsonValueKind.String } detail && detail.GetString() is { Length: > 0 } text
            ? $" ({text})"
            : "";
}
