using System.Text.Json;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts.Palettes;
using Spectre.Console;

namespace Morag.Failover.Cli.Palettes;

/// <summary>Prints the answer to a palette command for people.</summary>
internal static class AnswerView
{
    public static void Write(TextWriter output, PaletteCommand command, JsonElement answer)
    {
        switch (command.View)
        {
            case PaletteView.Explain:
                ExplainView.Write(output, answer, Width(output) ?? int.MaxValue);
                break;
            case PaletteView.Raw:
                PrintedText.To(output).WriteValue(answer.ValueKind == JsonValueKind.String ? answer.GetString()! : answer.GetRawText());
                break;
            case PaletteView.Tree:
                WriteTree(output, answer);
                break;
            case PaletteView.Record when answer.ValueKind == JsonValueKind.Object:
                WriteRecord(output, command, answer);
                break;
            case PaletteView.Record:
            case PaletteView.Table:
            default:
                WriteTable(output, command, answer);
                break;
        }
    }

    private static void WriteTable(TextWriter output, PaletteCommand command, JsonElement answer)
    {
        JsonElement[] rows = answer.ValueKind == JsonValueKind.Array ? [.. answer.EnumerateArray()] : [answer];
        if (rows.Length == 0)
        {
            output.WriteLine("none");
            return;
        }

        var columns = command.Columns.Length > 0 ? command.Columns : [.. Columns(rows[0])];
        if (columns.Length == 0)
        {
            foreach (var row in rows)
            {
                output.WriteLine(Cell.Text(row));
            }

            return;
        }

        string[][] cells = [.. rows.Select(row => columns.Select(column => Cell.Of(row, column, inLines: false)).ToArray())];
        TableView.Write(output, columns, cells, Width(output));
    }

    private static void WriteRecord(TextWriter output, PaletteCommand command, JsonElement answer)
    {
        var columns = command.Columns.Length > 0 ? command.Columns : [.. Columns(answer)];
        var width = columns.Length == 0 ? 0 : columns.Max(column => column.Header.Length);
        foreach (var column in columns)
        {
            output.WriteLine($"{column.Header.PadRight(width)}  {Cell.Of(answer, column, inLines: true)}");
        }
    }

    /// <summary>A column for each field of an object.</summary>
    public static IEnumerable<PaletteColumn> Columns(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject()
                .Select(field => new PaletteColumn { Header = Cell.Safe(field.Name.Replace('_', ' ')), Field = field.Name })
            : [];

    private static void WriteTree(TextWriter output, JsonElement answer)
    {
        foreach (var top in answer.ValueKind == JsonValueKind.Array ? [.. answer.EnumerateArray()] : new[] { answer })
        {
            var tree = new Tree(new Text(NodeText(top)));
            AddChildren(tree, top);
            Console(output).Write(tree);
        }
    }

    private static void AddChildren(IHasTreeNodes parent, JsonElement value)
    {
        if (Cell.At(value, "children") is { ValueKind: JsonValueKind.Array } children)
        {
            foreach (var child in children.EnumerateArray())
            {
                AddChildren(parent.AddNode(new Text(NodeText(child))), child);
            }
        }
    }

    private static string NodeText(JsonElement value) =>
        value.ValueKind != JsonValueKind.Object
            ? Cell.Text(value)
            : string.Join("  ", value.EnumerateObject()
                .Where(field => field.Name != "children" && field.Value.ValueKind != JsonValueKind.Null)
                .Select(field => field.Name == "name" ? Cell.Text(field.Value) : $"{Cell.Safe(field.Name)}={Cell.Text(field.Value)}"));

    /// <summary>The columns of the terminal; null if the output is none.</summary>
    private static int? Width(TextWriter output) => (output as PrintedText)?.Width;

    private static IAnsiConsole Console(TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });

        // A pipe has no width. Output cut to 80 columns would be useless to the next program.
        console.Profile.Width = Width(output) ?? 4096;
        return console;
    }
}
