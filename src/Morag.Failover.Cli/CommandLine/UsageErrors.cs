using System.CommandLine;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>What is wrong with a command line, and what could have been meant.</summary>
internal static class UsageErrors
{
    /// <summary>The errors, a line each.</summary>
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        string[] all = [.. parsed.Errors.Select(wrong => wrong.Message).Distinct()];
        string[] words = [.. parsed.UnmatchedTokens.Distinct()];
        if (IsMissingCommand(parsed))
        {
            return [MissingCommand(parsed.CommandResult.Command, words.FirstOrDefault(word => !word.StartsWith('-')))];
        }

        var named = Array.FindAll(all, wrong => Array.Exists(words, word => wrong.Contains(word, StringComparison.Ordinal)));
        return named.Length == 0 ? all : Array.ConvertAll(named, wrong => wrong + Suggestion(parsed, words, wrong));
    }

    /// <summary>Whether nothing else is wrong than that a command is missing. A word that is no command counts as that too.</summary>
    public static bool IsMissingCommand(ParseResult parsed) =>
        parsed.CommandResult.Command.Subcommands.Count > 0
        && parsed.Errors.Select(wrong => wrong.Message).Distinct().Count() == parsed.UnmatchedTokens.Distinct().Count() + 1;

    private static string MissingCommand(Command command, string? word)
    {
        string[] names = [.. command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name)];
        var path = PathOf(command);
        return word is null
            ? $"{path} needs a command: {string.Join(", ", names)}"
            : $"\"{word}\" is not a command of {path}. " + (Nearest(word, names) is { } meant
                ? $"Did you mean \"{meant}\"?"
                : $"Its commands are {string.Join(", ", names)}");
    }

    private static string PathOf(Command command) => command.Parents.OfType<Command>().FirstOrDefault() is { } parent
        ? $"{PathOf(parent)} {command.Name}"
        : "morag";

    private static string Suggestion(ParseResult parsed, string[] words, string wrong)
    {
        var word = Array.Find(words, word => wrong.Contains(word, StringComparison.Ordinal));
        var options = parsed.CommandResult.Command.Options
            .Concat(parsed.RootCommandResult.Command.Options.Where(option => option.Recursive))
            .Where(option => !option.Hidden)
            .Select(option => option.Name);
        return word?.StartsWith("--", StringComparison.Ordinal) == true && Nearest(word, options) is { } meant
            ? $" Did you mean {meant}?"
            : "";
    }

    // About a third of the letters may be wrong. Two that are swapped count as two.
    private static string? Nearest(string word, IEnumerable<string> names) => names
        .Select(name => (Name: name, Distance: Distance(word, name)))
        .Where(candidate => candidate.Distance <= (Math.Min(word.Length, candidate.Name.Length) + 2) / 3)
        .OrderBy(candidate => candidate.Distance)
        .Select(candidate => candidate.Name)
        .FirstOrDefault();

    // How many letters have to be inserted, removed or replaced.
    private static int Distance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (var i = 1; i <= left.Length; i++)
        {
            (var diagonal, row[0]) = (row[0], i);
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }
}
