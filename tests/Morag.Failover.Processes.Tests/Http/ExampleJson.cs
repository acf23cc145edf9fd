using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Morag.Failover.Processes.Tests.Http;

/// <summary>
/// JSON of an example against JSON of a node. All field names and all values have to agree, except for what differs from run to run, and
/// for sentences, which are no part of the contract. <c>"…"</c> stands for any value; at the end of an array, for any further elements.
/// </summary>
internal static partial class ExampleJson
{
    private const string Anything = "…";
    private const int LineWidth = 110;

    /// <summary>Writes characters as they are.</summary>
    public static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Numbers that depend on how long things took, on how writes were batched, or on the sizes of ids that are drawn at random.
    private static readonly HashSet<string> Measured =
    [
        "average_processing_time", "average_response_time", "average_wait_time", "bytes", "event_bytes", "events", "highest_sequence_nr",
        "ids", "oldest_seconds", "remaining_seconds", "size", "snapshot_bytes", "version", "wall_clock_ahead_seconds",
    ];

    /// <summary>Where the two differ, by path.</summary>
    public static IEnumerable<string> Differences(JsonNode? example, JsonNode? actual, string path = "") => (example, actual) switch
    {
        (JsonValue value, _) when IsAnything(value) => [],
        (JsonObject expected, JsonObject real) => Fields(expected, real, path),
        (JsonArray expected, JsonArray real) => Elements(expected, real, path),
        _ when IsSame(example, actual, path[(path.LastIndexOf('.') + 1)..]) => [],
        _ => [$"{path}: {Text(example)} in the document, {Text(actual)} now"],
    };

    /// <summary>
    /// The example brought up to date: what it leaves out stays left out, and a value that differs from run to run stays as it was.
    /// </summary>
    public static JsonNode? Updated(JsonNode? example, JsonNode? actual, string field = "") => (example, actual) switch
    {
        (JsonValue value, _) when IsAnything(value) => Anything,
        (JsonObject expected, JsonObject real) => new JsonObject(
            real.Select(pair => KeyValuePair.Create(pair.Key, Updated(expected[pair.Key], pair.Value, pair.Key)))),
        (JsonArray expected, JsonArray real) when IsOpen(expected) =>
            new JsonArray([.. expected.SkipLast(1).Select(element => Updated(element, Closest(element, real))), Anything]),
        (JsonArray expected, JsonArray real) =>
            new JsonArray([.. real.Select((element, index) => Updated(index < expected.Count ? expected[index] : null, element))]),
        _ when IsSame(example, actual, field) && !IsSentence(Text(actual)) => example?.DeepClone(),
        _ => actual?.DeepClone(),
    };

    /// <summary>Whether two texts agree in everything but times, ids that are drawn, ports, and places in a list.</summary>
    public static bool IsSameText(string text, string other) => Random().Replace(text, "*") == Random().Replace(other, "*");

    /// <summary>The text of a value, on one line where it fits.</summary>
    public static string Format(JsonNode? value, int indent = 0, int before = 0)
    {
        var line = OneLine(value);
        if (indent + before + line.Length <= LineWidth || value is not (JsonObject { Count: > 0 } or JsonArray { Count: > 0 }))
        {
            return line;
        }

        var margin = new string(' ', indent + 2);
        var (opening, closing, parts) = value is JsonObject fields
            ? ('{', '}', fields.Select(field => $"{Text(field.Key)}: {Format(field.Value, indent + 2, field.Key.Length + 4)}"))
            : ('[', ']', ((JsonArray)value).Select(element => Format(element, indent + 2)));
        return $"{opening}\n{margin}{string.Join($",\n{margin}", parts)}\n{new string(' ', indent)}{closing}";
    }

    private static string OneLine(JsonNode? value) => value switch
    {
        JsonObject { Count: > 0 } fields => $"{{ {Joined(fields.Select(field => $"{Text(field.Key)}: {OneLine(field.Value)}"))} }}",
        JsonArray elements => $"[{Joined(elements.Select(OneLine))}]",
        _ => Text(value),
    };

    private static string Joined(IEnumerable<string> parts) => string.Join(", ", parts);

    private static IEnumerable<string> Fields(JsonObject example, JsonObject actual, string path)
    {
        var missing = example.Where(field => !actual.ContainsKey(field.Key)).Select(field => $"{path}.{field.Key}: no longer there");
        var added = actual.Where(field => !example.ContainsKey(field.Key)).Select(field => $"{path}.{field.Key}: not in the document");
        var changed = example.Where(field => actual.ContainsKey(field.Key))
            .SelectMany(field => Differences(field.Value, actual[field.Key], $"{path}.{field.Key}"));
        return [.. missing, .. added, .. changed];
    }

    private static IEnumerable<string> Elements(JsonArray example, JsonArray actual, string path)
    {
        if (IsOpen(example))
        {
            return example.SkipLast(1).SelectMany(element => actual.Count == 0
                ? [$"{path}: no elements now"]
                : Differences(element, Closest(element, actual), $"{path}[]"));
        }

        return example.Count == actual.Count
            ? example.SelectMany((element, index) => Differences(element, actual[index], $"{path}[{index}]"))
            : [$"{path}: {example.Count} elements in the document, {actual.Count} now"];
    }

    private static bool IsSame(JsonNode? example, JsonNode? actual, string field)
    {
        if (example?.GetValueKind() != actual?.GetValueKind())
        {
            return false;
        }

        var (text, other) = (Text(example), Text(actual));
        return example?.GetValueKind() switch
        {
            JsonValueKind.String => IsSentence(text) || IsSameText(text, other),
            JsonValueKind.Number => Measured.Contains(field) || text == other,
            _ => text == other,
        };
    }

    private static JsonNode? Closest(JsonNode? example, JsonArray actual) => actual.MinBy(element => Differences(example, element).Count());

    private static bool IsSentence(string text) => text.Contains(' ', StringComparison.Ordinal);

    private static bool IsOpen(JsonArray elements) => elements.Count > 0 && IsAnything(elements[^1]);

    private static bool IsAnything(JsonNode? value) => value?.GetValueKind() == JsonValueKind.String && (string?)value == Anything;

    private static string Text(JsonNode? value) => value is null ? "null" : value.ToJsonString(Plain);

    [GeneratedRegex(
        @"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z|" +
        @"[0-9a-f]{32}|[0-9a-f-]{36}|(?<=:)[0-9]{4,5}|(?<=after=)[A-Za-z0-9_-]{20,}|^""[0-9]+\.[0-9]+""$")]
    private static partial Regex Random();
}
