using System.Text;
using Morag.Failover.Cli.Terminals;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Palettes;

/// <summary>
/// Prints rows in columns. On a terminal that is too narrow, headings wrap between words, then texts are cut, then columns without any
/// value are left out. Ids, words, numbers and times are never cut: if the rest still does not fit, each row becomes a record of its own.
/// </summary>
internal static class TableView
{
    private const string Empty = "-";
    private const string Gap = "  ";

    // A shorter beginning of a sentence says nothing.
    private const int LeastText = 20;

    // Without a terminal nothing is cut, but one long text must not pad all rows.
    private const int MaxPadding = 80;

    /// <summary>Prints the rows.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="rows">The cells of each row.</param>
    /// <param name="width">The columns of the terminal; null if there is none.</param>
    public static void Write(TextWriter output, IReadOnlyList<PaletteColumn> columns, IReadOnlyList<string[]> rows, int? width)
    {
        TableColumn[] all = [.. columns.Select((column, place) => new TableColumn(column, place, rows))];
        if (width is not { } most)
        {
            WriteRows(output, Array.ConvertAll(all, column => column with { Width = Math.Min(column.Width, MaxPadding) }), rows, false);
        }
        else if ((Natural(all, most) ?? Fitted(all, most) ?? Fitted(Array.FindAll(all, column => !column.IsEmpty), most)) is { } fitting)
        {
            WriteRows(output, fitting, rows, true);
        }
        else
        {
            WriteRecords(output, all, rows);
        }
    }

    private static TableColumn[]? Natural(TableColumn[] columns, int most) => Total(columns) <= most ? columns : null;

    private static TableColumn[]? Fitted(TableColumn[] columns, int most)
    {
        var narrow = Array.ConvertAll(
            columns,
            column => column with { Width = Math.Min(Math.Max(column.Content, column.LongestWord), Math.Max(most, column.Least)) });
        while (narrow.Length > 0 && Total(narrow) > most)
        {
            var widest = narrow.Where(column => column.Width > column.Least).MaxBy(column => column.Width);
            if (widest is null)
            {
                return null;
            }

            narrow[Array.IndexOf(narrow, widest)] = widest with { Width = widest.Width - 1 };
        }

        return narrow.Length > 0 ? narrow : null;
    }

    private static int Total(TableColumn[] columns) => columns.Sum(column => column.Width) + (Gap.Length * (columns.Length - 1));

    private static void WriteRows(TextWriter output, TableColumn[] columns, IReadOnlyList<string[]> rows, bool cut)
    {
        var headings = Array.ConvertAll(columns, column => column.Heading());
        for (var line = 0; line < headings.Max(heading => heading.Count); line++)
        {
            output.WriteLine(Line(columns, column => headings[Array.IndexOf(columns, column)].ElementAtOrDefault(line) ?? ""));
        }

        output.WriteLine(new string('─', Total(columns)));
        foreach (var row in rows)
        {
            output.WriteLine(Line(columns, column => cut ? column.Cut(row[column.Place]) : row[column.Place]));
        }
    }

    private static string Line(TableColumn[] columns, Func<TableColumn, string> cell)
    {
        var line = new StringBuilder();
        foreach (var column in columns)
        {
            var text = cell(column);
            _ = line.Append(text).Append(' ', Math.Max(0, column.Width - TerminalText.Width(text))).Append(Gap);
        }

        return line.ToString().TrimEnd();
    }

    private static void WriteRecords(TextWriter output, TableColumn[] columns, IReadOnlyList<string[]> rows)
    {
        var headings = columns.Max(column => TerminalText.Width(column.Header));
        foreach (var (number, row) in rows.Index())
        {
            if (number > 0)
            {
                output.WriteLine();
            }

            foreach (var column in columns.Where(column => row[column.Place] != Empty))
            {
                var padding = new string(' ', headings - TerminalText.Width(column.Header));
                output.WriteLine($"{column.Header}{padding}{Gap}{row[column.Place]}");
            }
        }
    }

    private sealed record TableColumn(string Header, int Place, int Content, bool IsText, bool IsEmpty)
    {
        public TableColumn(PaletteColumn column, int place, IReadOnlyList<string[]> rows)
            : this(
                column.Header,
                place,
                rows.Max(row => TerminalText.Width(row[place])),
                column.Format == ColumnFormat.Text && rows.Any(row => row[place].Contains(' ', StringComparison.Ordinal)),
                rows.All(row => row[place] == Empty))
        {
            Width = Math.Max(Content, TerminalText.Width(Header));
            LongestWord = Header.Split(' ').Max(TerminalText.Width);
        }

        /// <summary>The width that it gets.</summary>
        public int Width { get; init; }

        public int LongestWord { get; }

        /// <summary>The least width in which it can be read.</summary>
        public int Least => Math.Max(LongestWord, IsText ? Math.Min(Content, LeastText) : Content);

        public string Cut(string text) =>
            TerminalText.Width(text) <= Width ? text : TerminalText.First(text, Width - 1) + "…";

        /// <summary>The heading in lines, broken between words.</summary>
        public List<string> Heading()
        {
            List<string> lines = [];
            foreach (var word in Header.Split(' '))
            {
                if (lines.Count > 0 && TerminalText.Width(lines[^1]) + 1 + TerminalText.Width(word) <= Width)
                {
                    lines[^1] += " " + word;
                }
                else
                {
                    lines.Add(word);
                }
            }

            return lines;
        }
    }
}
