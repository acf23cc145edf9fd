using System.Text.Json;
using System.Text.RegularExpressions;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Palettes;

/// <summary>
/// What palettes must keep so that commands can be built from them: JSON can hold null everywhere, a name must be a word of a command line,
/// a choice must be one that no shell expands, and no path may lead to another server, which would get the token.
/// </summary>
internal static partial class PaletteRules
{
    private static readonly string[] Reserved = ["limit", "yes", "node", "token", "token-file", "ca", "output", "help"];

    /// <summary>Checks palettes that were just read.</summary>
    /// <exception cref="JsonException">A rule is broken. The message says which.</exception>
    public static IReadOnlyList<Palette> Check(IReadOnlyList<Palette>? palettes)
    {
        Require(palettes is not null, "they are null");
        foreach (var palette in palettes!)
        {
            Require(palette is { Summary: not null } && IsName(palette.Name), "a palette has no name or summary");
            Require(!palette.Commands.IsDefault && palette.Commands.All(command => command is not null), "a palette has no commands");
            Require(AreDistinct(palette.Commands.Select(command => command.Name)), "two commands have one name");
            foreach (var command in palette.Commands)
            {
                CheckCommand(command);
            }
        }

        return palettes;
    }

    private static void CheckCommand(PaletteCommand command)
    {
        Require(IsName(command.Name) && command.Summary is not null, "a command has no name or summary");
        Require(command.Method is "GET" or "POST" or "PUT" or "PATCH" or "DELETE", "a command has another method than those of HTTP");
        Require(command.Path is not null && Path().IsMatch(command.Path), "the path of a command is not one of the node");
        Require(
            command is { Arguments.IsDefault: false, Options.IsDefault: false, Objects.IsDefault: false, Columns.IsDefault: false }
                && command.FixedFields is not null
                && command.FixedFields.All(field => field.Value is not null)
                && command.Objects.All(name => name is not null)
                && command.Columns.All(column => column is { Header: not null, Field: not null }),
            "a part of a command is null");
        Require(command is not { Follow: true, Method: not "GET" }, "a stream is not read with GET");
        var parameters = command.Arguments.Concat(command.Options).ToArray();
        Require(Array.TrueForAll(parameters, IsParameter), "a parameter has no name, help or choices");
        Require(AreDistinct(parameters.Select(parameter => parameter.Name)), "two parameters have one name");
        Require(command.Options.All(option => !Reserved.Contains(option.Name)), "an option has the name of one of morag");
        Require(
            command.Options.All(option => !option.OptionalInDryRun) || command.Options.Any(option => option.IsDryRun),
            "a command without dry run has a parameter that a dry run does not need");
    }

    private static bool IsParameter(PaletteParameter? parameter) =>
        parameter is { Help: not null, Choices.IsDefault: false }
        && IsName(parameter.Name)
        && parameter.Choices.All(Identifier.IsValid);

    private static bool AreDistinct(IEnumerable<string> names) => names.GroupBy(name => name).All(same => same.Count() == 1);

    private static bool IsName(string? name) => name is not null && Name().IsMatch(name);

    private static void Require(bool holds, string broken)
    {
        if (!holds)
        {
            throw new JsonException(broken);
        }
    }

    [GeneratedRegex("\\A[A-Za-z0-9][A-Za-z0-9_-]{0,63}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex("\\A/[A-Za-z0-9][A-Za-z0-9/._{}-]*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Path();
}
