using System.Globalization;
using System.Text.Json;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Palettes;

/// <summary>Writes a list as CSV (RFC 4180) with one row for each entry, for spreadsheets and scripts.</summary>
internal static class CsvView
{
    private const string LineEnd = "\r\n";

    public static void Write(TextWriter output, IReadOnlyList<PaletteColumn> columns, JsonElement answer)
    {
        WriteRow(output, columns.Select(column => column.Header));
        foreach (var row in answer.ValueKind == JsonValueKind.Array ? [.. answer.EnumerateArray()] : new[] { answer })
        {
            WriteRow(output, columns.Select(column => Value(Cell.At(row, column.Field))));
        }
    }

    private static void WriteRow(TextWriter output, IEnumerable<string> values)
    {
        output.Write(string.Join(',', values.Select(Escaped)));
        output.Write(LineEnd);
    }

    // Unlike in a table, values are neither shortened nor rounded.
    private static string Value(JsonElement? value) => value switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => "",
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { } other => other.GetRawText(),
    };

    /// <summary>
    /// Quotes a value if it has to be. A spreadsheet would run a text that starts like a formula, so such a text gets a leading
    /// apostrophe; numbers keep their sign.
    /// </summary>
    private static string Escaped(string value)
    {
        var isFormula = value is ['=' or '+' or '-' or '@' or '\t' or '\r', ..]
            && !double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
        var safe = isFormula ? "'" + value : value;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
