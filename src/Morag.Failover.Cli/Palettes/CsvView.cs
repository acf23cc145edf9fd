using System.Text.Json;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Palettes;

/// <summary>Writes a list as CSV (RFC 4180) with one row for each entry, for spreadsheets and scripts.</summary>
internal static class CsvView
{
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
        output.Write(CsvText.Row(values));
        output.Write(CsvText.RowEnd);
    }

    // Unlike in a table, values are neither shortened nor rounded.
    private static string Value(JsonElement? value) => value switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => "",
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { } other => other.GetRawText(),
    };
}
