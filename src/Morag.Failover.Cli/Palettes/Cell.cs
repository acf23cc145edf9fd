using System.Globalization;
using System.Text;
using System.Text.Json;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Palettes;

/// <summary>Formats the values of an answer for people.</summary>
internal static class Cell
{
    /// <summary>The value at a path such as <c>registration.name</c>; null if there is none.</summary>
    public static JsonElement? At(JsonElement value, string path)
    {
        foreach (var step in path.Split('.'))
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(step, out value))
            {
                return null;
            }
        }

        return value;
    }

    /// <summary>The text of one column of an entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="column">The column.</param>
    /// <param name="inLines">Whether a list may become several lines.</param>
    public static string Of(JsonElement entry, PaletteColumn column, bool inLines)
    {
        var value = At(entry, column.Field);
        return column.Field == "priority" && value is { ValueKind: JsonValueKind.Number } number
            && number.TryGetInt32(out var priority) && Enum.IsDefined((TaskPriority)priority)
            ? WireName.Of((TaskPriority)priority)
            : Text(value, column.Format == ColumnFormat.Lines && !inLines ? ColumnFormat.Text : column.Format);
    }

    public static string Text(JsonElement? value, ColumnFormat format = ColumnFormat.Text)
    {
        if (value is not { } present || present.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
        {
            return "-";
        }

        if (format == ColumnFormat.Time && present.ValueKind == JsonValueKind.String && present.TryGetDateTimeOffset(out var time))
        {
            return Time(time);
        }

        if (format == ColumnFormat.Lines && present.ValueKind == JsonValueKind.Array)
        {
            return string.Concat(present.EnumerateArray().Select(item => Environment.NewLine + "  " + Line(item)));
        }

        if (present.ValueKind == JsonValueKind.Number && format is ColumnFormat.Percent or ColumnFormat.TwoDecimals)
        {
            var number = present.GetDouble();
            var text = number.ToString(format == ColumnFormat.Percent ? "0.#%" : "0.##", CultureInfo.InvariantCulture);

            // A small negative number is rounded to a negative zero.
            return text is "-0" or "-0%" ? text[1..] : text;
        }

        return Safe(present.ValueKind switch
        {
            JsonValueKind.String => present.GetString()!,
            JsonValueKind.True => "yes",
            JsonValueKind.False => "no",
            JsonValueKind.Array => List(present),
            JsonValueKind.Object => Pairs(present),
            _ => present.GetRawText(),
        });
    }

    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Escapes control characters, so that text from a worker cannot control the operator's terminal.</summary>
    public static string Safe(string text)
    {
        if (!text.Any(char.IsControl))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length + 16);
        foreach (var character in text)
        {
            _ = character switch
            {
                '\n' => safe.Append("\\n"),
                '\r' => safe.Append("\\r"),
                '\t' => safe.Append("\\t"),
                _ when char.IsControl(character) => safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => safe.Append(character),
            };
        }

        return safe.ToString();
    }

    // An entry of a history: its values without field names, except for numbers.
    private static string Line(JsonElement item) =>
        item.ValueKind != JsonValueKind.Object
            ? Text(item)
            : string.Join("  ", item.EnumerateObject()
                .Where(field => field.Value.ValueKind != JsonValueKind.Null)
                .Select(field => field.Value.ValueKind == JsonValueKind.Number
                    ? $"{Safe(field.Name)} {Text(field.Value)}"
                    : Text(field.Value, ColumnFormat.Time)));

    private static string List(JsonElement array) =>
        array.GetArrayLength() == 0 ? "-" : string.Join(", ", array.EnumerateArray().Select(item => Text(item)));

    private static string Pairs(JsonElement value)
    {
        var pairs = value.EnumerateObject().Select(field => $"{Safe(field.Name)}={Text(field.Value)}").ToArray();
        return pairs.Length == 0 ? "-" : string.Join(", ", pairs);
    }
}
