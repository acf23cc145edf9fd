using System.Text;

namespace Morag.Failover.Cli.Shell;

/// <summary>
/// Splits a line into words as POSIX shells do: quotes keep spaces together, nothing has a meaning in single quotes, and a backslash takes
/// the next character as it is. On Windows a backslash outside of quotes is a part of a path.
/// </summary>
internal static class ShellWords
{
    /// <summary>The words of a line; null if a quote is not closed.</summary>
    public static string[]? Split(string line) => Split(line, !OperatingSystem.IsWindows());

    /// <param name="line">The line.</param>
    /// <param name="escapes">Whether a backslash outside of quotes takes the next character as it is.</param>
    internal static string[]? Split(string line, bool escapes)
    {
        List<string> words = [];
        var word = new StringBuilder();
        var (isWord, quote) = (false, '\0');
        for (var at = 0; at < line.Length; at++)
        {
            var letter = line[at];
            if (letter == '\\' && at + 1 < line.Length && IsEscape(quote, line[at + 1], escapes))
            {
                at++;
                _ = word.Append(line[at]);
                isWord = true;
            }
            else if (quote == '\0' ? letter is '\'' or '"' : letter == quote)
            {
                (quote, isWord) = (quote == '\0' ? letter : '\0', true);
            }
            else if (quote == '\0' && char.IsWhiteSpace(letter))
            {
                End();
            }
            else
            {
                _ = word.Append(letter);
                isWord = true;
            }
        }

        End();
        return quote == '\0' ? [.. words] : null;

        void End()
        {
            if (isWord)
            {
                words.Add(word.ToString());
            }

            _ = word.Clear();
            isWord = false;
        }
    }

    private static bool IsEscape(char quote, char next, bool escapes) => quote switch
    {
        '\'' => false,
        '"' => next is '"' or '\\' or '$' or '`',
        _ => escapes,
    };
}
