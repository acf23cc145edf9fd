using System.Text.Json;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Palettes;

/// <summary>The columns of a list: those of the command, or those that the user chose with <c>--columns</c>.</summary>
internal static class ChosenColumns
{
    /// <summary>The command with the chosen columns. A name is a heading of the command, or the path of a field.</summary>
    /// <exception cref="CommandFailure">No column is named.</exception>
    public static PaletteCommand Of(PaletteCommand command, string? chosen)
    {
        if (chosen is null)
        {
            return command;
        }

        var names = chosen.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names.Length > 0
            ? command with { Columns = [.. names.Select(name => Find(command, name))] }
            : throw CommandFailure.Usage(
                $"--columns must name at least one of {string.Join(", ", command.Columns.Select(known => known.Header))}");
    }

    /// <summary>The columns of a list: those of the command, or else every field of its first entry.</summary>
    public static IReadOnlyList<PaletteColumn> OfList(PaletteCommand command, JsonElement answer)
    {
        var first = answer.ValueKind == JsonValueKind.Array ? answer.EnumerateArray().FirstOrDefault() : answer;
        return command.Columns.Length > 0 ? command.Columns : [.. AnswerView.Columns(first)];
    }

    private static PaletteColumn Find(PaletteCommand command, string name) =>
        command.Columns.FirstOrDefault(column => column.Header.Equals(name, StringComparison.OrdinalIgnoreCase) || column.Field == name)
        ?? new PaletteColumn { Header = Cell.Safe(name.Replace('_', ' ')), Field = name };
}
