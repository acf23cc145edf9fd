using System.Text.Json;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Palettes;

/// <summary>The columns of a list: those of the command, or those that the user chose with <c>--columns</c>.</summary>
internal static class ChosenColumns
{
    // What the search language calls the fields of a task that have another name in the JSON of a list.
    private static readonly Dictionary<string, string> SearchNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["id"] = "task_id",
        ["queue"] = "queue_type",
        ["worker"] = "worker_id",
        ["attempts"] = "attempt",
        ["failures"] = "retry_count",
        ["error"] = "last_error",
        ["parked"] = "parked_because",
        ["created"] = "submitted_at",
        ["updated"] = "updated_at",
        ["finished"] = "finished_at",
        ["due"] = "not_before",
        ["gpu"] = "resource_requirements.gpu_required",
        ["memory_gb"] = "resource_requirements.memory_gb",
        ["disk_gb"] = "resource_requirements.disk_gb",
        ["estimated_minutes"] = "estimated_duration",
    };

    /// <summary>The names that the user chose; null if the user chose none.</summary>
    /// <exception cref="CommandFailure">No column is named, or the result of an action has no such column.</exception>
    public static IReadOnlyList<string>? Names(PaletteCommand command, string? chosen)
    {
        if (chosen is null)
        {
            return null;
        }

        string[] names = chosen.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 0)
        {
            throw CommandFailure.Usage($"--columns must name at least one of {string.Join(", ", Offered(command, []))}");
        }

        // After an action it is too late to call the command line wrong.
        var isKnownBefore = command.Method != "GET" && command.Columns.Length > 0;
        var unknown = isKnownBefore ? Array.Find(names, name => Known(command, name) is null) : null;
        return unknown is null ? names : throw NoColumn(command, unknown, []);
    }

    /// <summary>
    /// The command with the chosen columns. A name is a heading of the command, the path of a field, or a field of the search language.
    /// </summary>
    /// <exception cref="CommandFailure">The list has no such column.</exception>
    public static PaletteCommand Of(PaletteCommand command, IReadOnlyList<string>? names, JsonElement answer) =>
        names is not null && Rows(answer) is var rows
            ? command with { Columns = [.. names.Select(name => Find(command, name, rows))] }
            : command;

    /// <summary>The columns of a list: those of the command, or else every field of its first entry.</summary>
    public static IReadOnlyList<PaletteColumn> OfList(PaletteCommand command, JsonElement answer)
    {
        var first = answer.ValueKind == JsonValueKind.Array ? answer.EnumerateArray().FirstOrDefault() : answer;
        return command.Columns.Length > 0 ? command.Columns : [.. AnswerView.Columns(first)];
    }

    private static PaletteColumn Find(PaletteCommand command, string name, JsonElement[] rows)
    {
        if (Known(command, name) is { } known)
        {
            return known;
        }

        // An empty list does not show which fields its entries have.
        if (IsUnchecked(command) || Array.Exists(rows, row => Has(row, name)) || (rows.Length == 0 && !SearchNames.ContainsKey(name)))
        {
            return Unlisted(name, name);
        }

        if (SearchNames.TryGetValue(name, out var field))
        {
            if (Known(command, field) is { } meant)
            {
                return meant with { Header = name };
            }

            if (rows.Length == 0 || Array.Exists(rows, row => Has(row, field)))
            {
                return Unlisted(name, field);
            }
        }

        throw NoColumn(command, name, rows);
    }

    // An action has been carried out, and a stream has begun.
    private static bool IsUnchecked(PaletteCommand command) => command.Method != "GET" || command.Follow;

    private static CommandFailure NoColumn(PaletteCommand command, string name, JsonElement[] rows) =>
        CommandFailure.Usage($"there is no column \"{name}\". --columns can name {string.Join(", ", Offered(command, rows))}");

    private static PaletteColumn? Known(PaletteCommand command, string name) => command.Columns.FirstOrDefault(
        column => column.Header.Equals(name, StringComparison.OrdinalIgnoreCase) || column.Field == name);

    private static PaletteColumn Unlisted(string name, string field) => new()
    {
        Header = Cell.Safe(name.Replace('_', ' ')),
        Field = field,
        Format = field.EndsWith("_at", StringComparison.Ordinal) ? ColumnFormat.Time : ColumnFormat.Text,
    };

    private static IEnumerable<string> Offered(PaletteCommand command, JsonElement[] rows) =>
        command.Columns.Select(column => column.Header)
            .Concat(rows.Take(1).Where(row => row.ValueKind == JsonValueKind.Object)
                .SelectMany(row => row.EnumerateObject().Select(field => Cell.Safe(field.Name))))
            .Concat(SearchNames.Where(name => Known(command, name.Value) is not null || rows.Take(1).Any(row => Has(row, name.Value)))
                .Select(name => name.Key))
            .Where(name => name.Length > 0)
            .Distinct();

    private static JsonElement[] Rows(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Array ? [.. answer.EnumerateArray()] : [answer];

    // A part that this entry does not have is null, and what would be in it is unknown.
    private static bool Has(JsonElement value, string path)
    {
        foreach (var step in path.Split('.'))
        {
            if (value.ValueKind == JsonValueKind.Null)
            {
                return true;
            }

            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(step, out value))
            {
                return false;
            }
        }

        return true;
    }
}
