using System.Globalization;
using System.Text;

namespace Morag.Failover.Contracts.Wire;

/// <summary>
/// Rows of CSV (RFC 4180). The values can come from anyone who submits a task, so none of them is run by a spreadsheet or obeyed by a
/// terminal.
/// </summary>
public static class CsvText
{
    /// <summary>What ends a row.</summary>
    public const string RowEnd = "\r\n";

    // In some countries, spreadsheets separate fields with a semicolon, and all of them do so with a tab.
    private static readonly System.Buffers.SearchValues<char> Quoted = System.Buffers.SearchValues.Create(",;\t\"\r\n");

    /// <summary>A row without its end.</summary>
    public static string Row(IEnumerable<string> values) =>
        string.Join(',', values?.Select(Field) ?? throw new ArgumentNullException(nameof(values)));

    /// <summary>
    /// One value, quoted if it has to be. A text that a spreadsheet could take for a formula gets a leading apostrophe; numbers keep their
    /// sign. Control characters become visible, except for tabs and line breaks.
    /// </summary>
    public static string Field(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var visible = Visible(value);
        var safe = IsFormula(visible) ? "'" + visible : visible;
        return safe.AsSpan().ContainsAny(Quoted) ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }

    private static bool IsFormula(string text) =>
        text is ['=' or '+' or '-' or '@' or '\t' or '\r' or '\n' or '\uFF1D' or '\uFF0B' or '\uFF0D' or '\uFF20', ..]
        && !double.TryParse(
            text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture,
            out _);

    private static string Visible(string text)
    {
        if (!text.Any(IsObeyed))
        {
            return text;
        }

        var visible = new StringBuilder(text.Length + 16);
        foreach (var character in text)
        {
            _ = IsObeyed(character)
                ? visible.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}")
                : visible.Append(character);
        }

        return visible.ToString();
    }

    private static bool IsObeyed(char character) => char.IsControl(character) && character is not ('\t' or '\r' or '\n');
}
