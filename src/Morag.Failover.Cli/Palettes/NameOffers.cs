using System.CommandLine.Completions;
using System.Text.Json;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Palettes;

/// <summary>Where a node lists the names that a parameter can have.</summary>
/// <param name="Path">The path and query of the list.</param>
/// <param name="Field">The field of an entry that is the name.</param>
internal sealed record NameSource(string Path, string Field)
{
    private const int MaxNames = 200;

    private static readonly NameSource Queues = new("/api/v1/queues", "queue_type");
    private static readonly NameSource Workers = new(
        FormattableString.Invariant($"/api/v1/workers?limit={MaxNames}"), "registration.worker_id");
    private static readonly NameSource Nodes = new("/api/v1/cluster/nodes", "node");

    /// <summary>The source of a parameter; null if its values are no names that a node lists.</summary>
    public static NameSource? Of(PaletteCommand command, PaletteParameter parameter) => parameter switch
    {
        { Choices.Length: > 0 } or { Type: not ParameterType.Text } => null,
        { IsNode: true } => Nodes,
        { Name: "queue" or "to-queue" } => Queues,
        { Name: "worker" } => Workers,
        { Name: "id" } when command.Path.StartsWith("/api/v1/workers/{id}", StringComparison.Ordinal) => Workers,
        { Name: "alert" } => Alerts(command.Name == "unack" ? "acknowledged" : "active"),
        _ => null,
    };

    private static NameSource Alerts(string state) =>
        new(FormattableString.Invariant($"/api/v1/alerts?state={state}&limit={MaxNames}"), "id");
}

/// <summary>
/// The names that complete a value. Completion cannot wait for a node, so it is done twice: the first time says which names are missing.
/// </summary>
internal sealed class NameOffers
{
    private IReadOnlyList<string> names = [];

    /// <summary>The source whose names were missing; null if none were.</summary>
    public NameSource? Missing { get; private set; }

    /// <summary>The names of a source that begin with the word to complete.</summary>
    public IEnumerable<CompletionItem> Of(NameSource source, CompletionContext context)
    {
        if (context.WordToComplete.StartsWith('-'))
        {
            return [];
        }

        Missing ??= source;
        return source == Missing
            ? names.Where(name => name.StartsWith(context.WordToComplete, StringComparison.Ordinal))
                .Select(name => new CompletionItem(name))
            : [];
    }

    /// <summary>Reads the missing names from the answer of a node. A shell must not expand a name, so any other is left out.</summary>
    public void Read(JsonElement answer) =>
        names = answer.ValueKind == JsonValueKind.Array
            ? [.. answer.EnumerateArray().Select(entry => Cell.Text(Cell.At(entry, Missing!.Field))).Where(IsPlain)]
            : [];

    private static bool IsPlain(string name) =>
        name.Length > 0 && char.IsAsciiLetterOrDigit(name[0])
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' or ':');
}
