using System.Globalization;
using System.Text.Json;
using Morag.Failover.Cli.Palettes;
using Morag.Failover.Contracts.Palettes;
using Spectre.Console;

namespace Morag.Failover.Cli.Top;

/// <summary>Draws <see cref="TopData"/> as lines of a terminal of a given size.</summary>
internal static class TopFrame
{
    private const int UsualRows = 10;

    /// <summary>The lines, at most <paramref name="height"/>, each at most <paramref name="width"/> columns wide.</summary>
    /// <param name="data">What to show; null if no node has answered yet.</param>
    /// <param name="problem">Why the data are old or missing; null if they are not.</param>
    /// <param name="width">The columns.</param>
    /// <param name="height">The rows; null for all that there are.</param>
    /// <param name="colors">Whether to use colors.</param>
    public static IReadOnlyList<string> Lines(TopData? data, string? problem, int width, int? height, bool colors)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(text),
            Ansi = colors ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colors ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = width;
        if (problem is not null)
        {
            console.Write(new Paragraph(Cell.Safe(problem), new Style(Color.Red)) { Overflow = Overflow.Ellipsis });
            console.WriteLine();
        }

        if (data is not null)
        {
            Write(console, data, height);
        }

        var lines = text.ToString().TrimEnd('\n', '\r').Split('\n').Select(line => line.TrimEnd('\r')).ToList();
        return height is { } rows && lines.Count > rows ? lines[..rows] : lines;
    }

    private static void Write(IAnsiConsole console, TopData data, int? height)
    {
        console.Write(new Text(Head(data)) { Overflow = Overflow.Ellipsis });
        console.WriteLine();
        console.Write(new Text(Fleet(data)) { Overflow = Overflow.Ellipsis });
        console.WriteLine();
        var queues = Items(data.Queues)
            .OrderByDescending(queue => Number(queue, "pending_tasks") + Number(queue, "processing_tasks"))
            .ToList();
        var incidents = Incidents(data).ToList();

        // The workers get what the others leave.
        var queueRows = Math.Min(queues.Count, height is null ? int.MaxValue : Math.Max(2, height.Value / 4));
        var incidentRows = Math.Min(incidents.Count, height is null ? UsualRows : Math.Max(2, height.Value / 4));
        var rest = height is { } rows ? Math.Max(1, rows - queueRows - incidentRows - 11) : int.MaxValue;
        WriteQueues(console, queues.Take(queueRows));
        var workers = Items(data.Workers).OrderByDescending(Trouble).ThenByDescending(worker => Number(worker, "held_leases"));
        WriteWorkers(console, workers.Take(rest));
        console.WriteLine();
        console.WriteLine(incidents.Count == 0 ? "No incidents" : "Incidents");
        foreach (var (when, what, isActive) in incidents.Take(incidentRows))
        {
            console.Write(new Text($"  {when}  {what}", new Style(isActive ? Color.Red : Color.Default)) { Overflow = Overflow.Ellipsis });
            console.WriteLine();
        }
    }

    private static string Head(TopData data)
    {
        var nodes = data.Status is { } status
            ? $"{Cell.Text(Cell.At(status, "up"))} of {Cell.Text(Cell.At(status, "nodes"))} nodes up"
                + (Items(Cell.At(status, "unreachable")).Length > 0 ? $", unreachable: {Cell.Text(Cell.At(status, "unreachable"))}" : "")
                + (Number(status, "owners_down") > 0 ? $", {Cell.Text(Cell.At(status, "owners_down"))} owners down" : "")
            : "";
        return $"morag top  {data.At.UtcDateTime.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture)}  "
            + $"{data.Node.GetLeftPart(UriPartial.Authority)}  {nodes}";
    }

    private static string Fleet(TopData data) => data.Fleet is { } fleet
        ? $"Workers: {Cell.Text(Cell.At(fleet, "alive_workers"))} alive, {Cell.Text(Cell.At(fleet, "suspect_workers"))} suspect, "
            + $"{Cell.Text(Cell.At(fleet, "offline_workers"))} offline, {Cell.Text(Cell.At(fleet, "draining_workers"))} draining"
        : "";

    private static void WriteQueues(IAnsiConsole console, IEnumerable<JsonElement> queues)
    {
        var table = NewTable("QUEUE", "pending", "running", "parked", "failed", "workers", "paused");
        foreach (var queue in queues)
        {
            _ = table.AddRow(
                Plain(queue, "queue_type"), Plain(queue, "pending_tasks"), Plain(queue, "processing_tasks"), Plain(queue, "parked_tasks"),
                Plain(queue, "failed_tasks"), Plain(queue, "worker_count"), Plain(queue, "pause.reason"));
        }

        console.WriteLine();
        console.Write(table);
    }

    private static void WriteWorkers(IAnsiConsole console, IEnumerable<JsonElement> workers)
    {
        var table = NewTable("WORKER", "kind", "liveness", "breaker", "holds", "slots", "heartbeat", "remark");
        foreach (var worker in workers)
        {
            var style = new Style(Trouble(worker) switch
            {
                >= 2 => Color.Red,
                1 => Color.Yellow,
                _ => Color.Default,
            });
            var remark = Cell.At(worker, "draining") is { ValueKind: JsonValueKind.True }
                ? "draining"
                : Cell.Text(Cell.At(worker, "degraded"));
            _ = table.AddRow(
                Styled(worker, "registration.worker_id", style), Plain(worker, "registration.capability"),
                Styled(worker, "liveness", style),
                Styled(worker, "breaker_state", style),
                Plain(worker, "held_leases"), Plain(worker, "registration.max_concurrent_tasks"),
                new Text(Cell.Text(Cell.At(worker, "last_heartbeat"), ColumnFormat.Time)), new Text(remark, style));
        }

        console.WriteLine();
        console.Write(table);
    }

    private static Table NewTable(params string[] headers)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var header in headers)
        {
            _ = table.AddColumn(new TableColumn(new Text(header, new Style(decoration: Decoration.Bold))) { NoWrap = true });
        }

        return table;
    }

    /// <summary>The alerts that are active, and then the last failures.</summary>
    private static IEnumerable<(string When, string What, bool IsActive)> Incidents(TopData data)
    {
        foreach (var alert in Items(data.Alerts))
        {
            var since = Cell.At(alert, "raised_at") ?? Cell.At(alert, "since");
            var what = Cell.At(alert, "message") is { } message
                ? $"{Cell.Text(Cell.At(alert, "severity"))}  {Cell.Text(Cell.At(alert, "component"))}: {Cell.Text(message)}"
                : $"{Cell.Text(Cell.At(alert, "owner"))} fails: {Cell.Text(Cell.At(alert, "reason"))}";
            yield return (Cell.Text(since, ColumnFormat.Time), what, true);
        }

        foreach (var decision in Items(data.Failures))
        {
            yield return (
                Cell.Text(Cell.At(decision, "failure_event.occurred_at"), ColumnFormat.Time),
                $"{Cell.Text(Cell.At(decision, "task_id"))}: {Cell.Text(Cell.At(decision, "failure_event.failure_type"))} on "
                    + $"{Cell.Text(Cell.At(decision, "failure_event.worker_id"))}, "
                    + Cell.Text(Cell.At(decision, "selected_action.strategy")),
                false);
        }
    }

    private static int Trouble(JsonElement worker) =>
        (Cell.Text(Cell.At(worker, "liveness")) is not "alive" ? 2 : 0)
        + (Cell.Text(Cell.At(worker, "breaker_state")) is not "closed" ? 2 : 0)
        + (Cell.At(worker, "degraded") is { ValueKind: JsonValueKind.String } ? 1 : 0)
        + (Cell.At(worker, "draining") is { ValueKind: JsonValueKind.True } ? 1 : 0);

    private static JsonElement[] Items(JsonElement? list) =>
        list is { ValueKind: JsonValueKind.Array } array ? [.. array.EnumerateArray()] : [];

    private static double Number(JsonElement value, string path) =>
        Cell.At(value, path) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : 0;

    private static Text Plain(JsonElement value, string path) => new(Cell.Text(Cell.At(value, path)));

    private static Text Styled(JsonElement value, string path, Style style) => new(Cell.Text(Cell.At(value, path)), style);
}
