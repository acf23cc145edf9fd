using System.Text.Json;
using Morag.Failover.Client.Texts;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>What one line of a progress file says.</summary>
/// <param name="Update">What it says; null if it is unusable.</param>
/// <param name="Problem">Why the line, or a part of it, is unusable; null if all of it counts.</param>
internal sealed record ProgressLine(ProgressUpdate? Update, string? Problem)
{
    private const string Expected =
        """a line must be a number of 0 to 100, or {"percent": 0 to 100, "message": text, "checkpoint": JSON} with at least one of them""";

    private const int ShownOfLine = 60;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = JsonDepth.MaxOfMessage };

    /// <summary>Parses a line: a percentage, or an object with <c>percent</c>, <c>message</c> and <c>checkpoint</c>.</summary>
    public static ProgressLine Parse(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line, Options);
            return json.RootElement.ValueKind switch
            {
                JsonValueKind.Number => OfNumber(json.RootElement),
                JsonValueKind.Object => Read(json.RootElement),
                _ => Unusable(line),
            };
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or ArgumentException)
        {
            return Unusable(line);
        }
    }

    private static ProgressLine OfNumber(JsonElement number)
    {
        var read = WithPercent(new(new(), null), number);
        return read.Problem is null ? read : read with { Update = null };
    }

    private static ProgressLine Read(JsonElement line)
    {
        var read = new ProgressLine(new(), null);
        foreach (var property in line.EnumerateObject())
        {
            read = (property.Name, property.Value.ValueKind) switch
            {
                ("percent", JsonValueKind.Number) => WithPercent(read, property.Value),
                ("message", JsonValueKind.String) => WithMessage(read, property.Value.GetString()!),
                ("checkpoint", not JsonValueKind.Null) => WithCheckpoint(read, JsonText.From(property.Value)),
                _ => read,
            };
        }

        return read.Update != new ProgressUpdate() ? read
            : read.Problem is null ? Unusable(line.GetRawText())
            : read with { Update = null };
    }

    private static ProgressLine WithPercent(ProgressLine read, JsonElement value) =>
        value.TryGetDouble(out var percent) && percent is >= 0 and <= 100
            ? read with { Update = read.Update! with { Percent = percent } }
            : read with { Problem = $"percent must be 0 to 100, not {Start(value.GetRawText())}" };

    private static ProgressLine WithMessage(ProgressLine read, string message) =>
        read with { Update = read.Update! with { Message = TextBytes.First(message, TaskLimits.MaxProgressMessageBytes) } };

    private static ProgressLine WithCheckpoint(ProgressLine read, JsonText checkpoint) =>
        checkpoint.BrokenRule(TaskLimits.MaxCheckpointBytes) is { } rule
            ? read with { Problem = $"the checkpoint {rule}" }
            : read with { Update = read.Update! with { Checkpoint = checkpoint } };

    private static ProgressLine Unusable(string line) => new(null, $"{Expected}, not {Start(line)}");

    private static string Start(string line) => line.Length <= ShownOfLine ? line : $"{TextCut.First(line, ShownOfLine)}…";
}
