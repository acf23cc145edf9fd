using System.Text.Json;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Palettes;

/// <summary>
/// Explains the decisions about a task, oldest first. It reads fields by name and not through the contract types, so that an older client
/// can explain the decisions of a newer node.
/// </summary>
internal sealed class ExplainView(TextWriter output, int width)
{
    private const string Indent = "   ";
    private const int LabelWidth = 12;
    private const int MinTextWidth = 40;

    /// <summary>Writes a list of decisions, or a single one.</summary>
    /// <param name="output">Where to write.</param>
    /// <param name="answer">The answer of the node.</param>
    /// <param name="width">The columns at which lines wrap.</param>
    public static void Write(TextWriter output, JsonElement answer, int width = int.MaxValue) =>
        new ExplainView(output, width).Write(answer);

    private void Write(JsonElement answer)
    {
        JsonElement[] decisions = answer.ValueKind == JsonValueKind.Array ? [.. answer.EnumerateArray()] : [answer];
        if (decisions.Length == 0)
        {
            output.WriteLine("no failures recorded for this task");
            return;
        }

        for (var number = 1; number <= decisions.Length; number++)
        {
            if (number > 1)
            {
                output.WriteLine();
            }

            var decision = decisions[number - 1];
            if (Cell.At(decision, "stale") is { ValueKind: JsonValueKind.True })
            {
                output.WriteLine($"stale report, nothing changed: {Cell.Text(Cell.At(decision, "detail"))}");
                continue;
            }

            WriteDecision(number, decision);
        }
    }

    private void WriteDecision(int number, JsonElement decision)
    {
        var failure = Cell.At(decision, "failure_event") ?? default;
        var action = Cell.At(decision, "selected_action") ?? default;
        var metadata = Cell.At(decision, "decision_metadata") ?? default;

        output.WriteLine(
            $"{number}. {Cell.Text(Cell.At(failure, "occurred_at"), ColumnFormat.Time)}  " +
            $"{Cell.Text(Cell.At(failure, "failure_type"))}{Place(Cell.At(failure, "worker_id"), Cell.At(metadata, "epoch"))}");
        Line("message", Text(failure, "error_message"));
        Line("context", Text(failure, "context"));
        Line("decision", Action(action));
        Line("reason", Text(action, "reason"));
        Line("rule", Rule(metadata));
        Lines("guard", Items(Cell.At(metadata, "guards")).Select(Guard));
        Lines("witness", Items(Cell.At(metadata, "witnesses")).Select(Witness));
        Line("facts", Text(metadata, "facts"));
        Lines("rejected", Items(Cell.At(decision, "alternative_actions")).Select(Alternative));
        Line("confidence", Confidence(decision, metadata));
        Line("outcome", Outcome(failure, metadata));
        Lines("then", Items(Cell.At(decision, "afterwards")).Select(Afterwards));
        if (Number(metadata, "attached_reports") is > 0 and var attached)
        {
            Line("reports", $"{Counted.Of(attached, "more report")} of the same failure, answered with this decision");
        }
    }

    private static string Place(JsonElement? worker, JsonElement? epoch)
    {
        var where = worker is { ValueKind: JsonValueKind.String } ? $" on {Cell.Text(worker)}" : "";
        var lease = epoch is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var whole) && whole > 0
            ? $", epoch {whole}"
            : "";
        return where + lease;
    }

    private static string Action(JsonElement action)
    {
        var parts = new List<string> { Cell.Text(Cell.At(action, "strategy")) };
        if (Text(action, "target_queue") is { } queue)
        {
            parts.Add($"to queue {queue}");
        }

        if (Text(action, "target_worker_id") is { } worker)
        {
            parts.Add($"on {worker}");
        }

        if (Text(action, "quality_degradation") is { } quality)
        {
            parts.Add($"with {quality}");
        }

        parts.Add(Number(action, "retry_delay_seconds") is > 0 and var delay ? $"after {delay} s" : "immediately");
        return string.Join(", ", parts);
    }

    private static string? Rule(JsonElement metadata) =>
        Text(metadata, "rule") is { } rule
            ? Text(metadata, "policy_version") is { } version ? $"{rule} (policy version {version})" : rule
            : null;

    private static string Guard(JsonElement guard) =>
        $"{Cell.Text(Cell.At(guard, "guard"))} replaced {Cell.Text(Cell.At(guard, "overruled"))} "
        + $"with {Cell.Text(Cell.At(guard, "chose"))}: {Cell.Text(Cell.At(guard, "reason"))}";

    private static string Alternative(JsonElement alternative) =>
        $"{Cell.Text(Cell.At(alternative, "strategy"))}: {Cell.Text(Cell.At(alternative, "reason"))}";

    private static string Confidence(JsonElement decision, JsonElement metadata)
    {
        var confidence = Cell.Text(Cell.At(decision, "confidence"), ColumnFormat.Percent);
        return Text(metadata, "evidence") is { } evidence ? $"{confidence} (evidence: {evidence})" : confidence;
    }

    private static string Witness(JsonElement witness) =>
        $"{Cell.Text(Cell.At(witness, "worker_id"))} is {Cell.Text(Cell.At(witness, "verdict"))}: recently completed "
        + $"{Counted.Of(Number(witness, "succeeded") ?? 0, "other task")} and failed {Number(witness, "failed_others")}; "
        + $"{Cell.Text(Cell.At(witness, "chance_of_failing_good_task"), ColumnFormat.Percent)} chance of failing a good task";

    private static string Afterwards(JsonElement entry) =>
        $"{Cell.Text(Cell.At(entry, "at"), ColumnFormat.Time)}  {Cell.Text(Cell.At(entry, "what"))}"
        + Place(Cell.At(entry, "worker_id"), Cell.At(entry, "epoch"))
        + (Text(entry, "detail") is { } detail ? $": {detail}" : "");

    private static string Outcome(JsonElement failure, JsonElement metadata)
    {
        var detail = Text(metadata, "outcome_detail") is { } text ? $": {text}" : "";
        return Text(metadata, "outcome") switch
        {
            "resolved" => $"applied {Cell.Text(Cell.At(failure, "resolved_at"), ColumnFormat.Time)}{detail}",
            "superseded" => $"superseded, not applied{detail}",
            "advised" => detail.Length > 0 ? $"advice only{detail}" : "advice only, because no queue here holds the task",
            "pending" => $"in progress{detail}",
            var other => $"{other ?? "unknown"}{detail}",
        };
    }

    private void Line(string label, string? text)
    {
        if (text is null)
        {
            return;
        }

        var room = Math.Max(MinTextWidth, width - Indent.Length - LabelWidth);
        foreach (var line in Wrapped(text, room))
        {
            output.WriteLine(Indent + label.PadRight(LabelWidth) + line);
            label = "";
        }
    }

    private static IEnumerable<string> Wrapped(string text, int room)
    {
        while (text.Length > room && text.LastIndexOf(' ', room) is > 0 and var space)
        {
            yield return text[..space];
            text = text[(space + 1)..];
        }

        yield return text;
    }

    private void Lines(string label, IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            Line(label, text);
            label = "";
        }
    }

    private static JsonElement[] Items(JsonElement? array) =>
        array is { ValueKind: JsonValueKind.Array } present ? [.. present.EnumerateArray()] : [];

    private static long? Number(JsonElement value, string field) =>
        Cell.At(value, field) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var whole) ? whole : null;

    // An empty text or list is left out.
    private static string? Text(JsonElement value, string field) =>
        Cell.At(value, field) is { } present && Cell.Text(present) is var text && text is not ("-" or "") ? text : null;
}
