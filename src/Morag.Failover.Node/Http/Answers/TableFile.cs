using System.Globalization;
using System.Text;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Http.Answers;

/// <summary>A list as a file: CSV (RFC 4180) or JSON.</summary>
internal static class TableFile
{
    /// <summary>The table in the format that the call asks for; null if the call names no format.</summary>
    /// <param name="context">The call.</param>
    /// <param name="name">The name of the file.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="columns">The name and the value of each column of the CSV file.</param>
    /// <exception cref="ProblemException">The format is neither CSV nor JSON.</exception>
    public static IResult? Of<T>(
        HttpContext context, string name, IReadOnlyList<T> rows, params (string Name, Func<T, object?> Value)[] columns) =>
        Of(context.Request.Query["format"].ToString(), name, rows, columns);

    /// <inheritdoc cref="Of{T}(HttpContext, string, IReadOnlyList{T}, ValueTuple{string, Func{T, object?}}[])" />
    /// <param name="format">The format that the call asks for.</param>
    public static IResult? Of<T>(
        string? format, string name, IReadOnlyList<T> rows, params (string Name, Func<T, object?> Value)[] columns) =>
        format switch
        {
            null or "" => null,
            "json" => Answer.Ok(rows),
            "csv" => TypedResults.File(
                Encoding.UTF8.GetBytes(Csv(rows, columns)), "text/csv; charset=utf-8", $"{name}.csv"),
            _ => throw ProblemException.Invalid("format", "must be csv or json"),
        };

    private static string Csv<T>(IReadOnlyList<T> rows, (string Name, Func<T, object?> Value)[] columns)
    {
        var text = new StringBuilder();
        Line(columns.Select(column => (object?)column.Name));
        foreach (var row in rows)
        {
            Line(columns.Select(column => column.Value(row)));
        }

        return text.ToString();

        void Line(IEnumerable<object?> cells) => text.Append(CsvText.Row(cells.Select(Cell))).Append(CsvText.RowEnd);
    }

    private static string Cell(object? value) => value switch
    {
        null => "",
        DateTimeOffset at => at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        Enum name => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(name.ToString()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
