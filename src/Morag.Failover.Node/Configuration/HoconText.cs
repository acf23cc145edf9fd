using System.Globalization;

namespace Morag.Failover.Node.Configuration;

/// <summary>
/// Checks the text of a configuration before it is parsed. The parser is recursive, so a deeply nested file would overflow the stack and
/// end the process. It also parses most forms of <c>include</c> as a key, which would silently ignore the included settings.
/// </summary>
internal sealed class HoconText
{
    /// <summary>The maximum depth of a configuration: open brackets plus dots in keys.</summary>
    public const int MaxDepth = 100;

    private const string Include = "include";

    private readonly string text;
    private readonly Stack<(char Opening, int Dots)> open = new();
    private int at;
    private int line = 1;
    private int dots;
    private bool isKey = true;
    private bool isStart = true;

    private HoconText(string text) => this.text = text;

    /// <summary>The first problem in the text and its line, as a clause for an error message; null if there is none.</summary>
    public static string? ProblemIn(string text) => new HoconText(text).Find();

    private string? Find()
    {
        for (var depth = 0; at < text.Length;)
        {
            var character = text[at];
            if (character == '#' || IsAt("//"))
            {
                SkipTo("\n");
            }
            else if (character == '"')
            {
                SkipQuoted();
                isStart = false;
            }
            else if (isKey && isStart && IsInclude())
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"line {line} includes another file, and includes are not supported. Copy those settings into this file");
            }
            else
            {
                depth += Read(character);
                Skip(1);
            }

            if (depth + dots > MaxDepth)
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"line {line} is nested deeper than {MaxDepth} levels, dots in keys included. Use fewer levels");
            }
        }

        return null;
    }

    /// <summary>Reads one character outside comments and quotes. Returns the change of the bracket depth.</summary>
    private int Read(char character)
    {
        switch (character)
        {
            case '{' or '[':
                open.Push((character, dots));
                var grown = 1 + dots;
                BeginItem();
                return grown;
            case '}' or ']':
                return Close(character);
            case ',':
                BeginItem();
                return 0;
            case '\n' when isKey ? dots == 0 : !isStart:
                BeginItem();
                return 0;
            case '=' or ':':
                (isKey, isStart) = (false, true);
                return 0;
            case '.':
                dots++;
                isStart = false;
                return 0;
            default:
                isStart &= char.IsWhiteSpace(character);
                return 0;
        }
    }

    /// <summary>Closes a bracket. An unmatched bracket is left to the parser.</summary>
    private int Close(char character)
    {
        if (!open.TryPeek(out var top) || top.Opening != (character == '}' ? '{' : '['))
        {
            return 0;
        }

        _ = open.Pop();
        dots = top.Dots;
        (isKey, isStart) = (false, false);
        return -1 - top.Dots;
    }

    private void BeginItem()
    {
        dots = 0;
        isKey = !open.TryPeek(out var top) || top.Opening == '{';
        isStart = true;
    }

    /// <summary>Whether <c>include</c> is a directive here. It is a key if an assignment, an object or a path follows.</summary>
    private bool IsInclude()
    {
        if (!IsAt(Include))
        {
            return false;
        }

        var next = at + Include.Length;
        while (next < text.Length && char.IsWhiteSpace(text[next]))
        {
            next++;
        }

        var isWord = next > at + Include.Length || (next < text.Length && text[next] is '"' or '(');
        return isWord && next < text.Length && text[next] is not ('=' or ':' or '{' or '.' or '+');
    }

    private void SkipQuoted()
    {
        const string Triple = "\"\"\"";
        if (!isKey && IsAt(Triple))
        {
            Skip(Triple.Length);
            SkipTo(Triple);
            Skip(Triple.Length);
            return;
        }

        for (Skip(1); at < text.Length && text[at] != '"';)
        {
            Skip(text[at] == '\\' ? 2 : 1);
        }

        Skip(1);
    }

    private bool IsAt(string word) => string.CompareOrdinal(text, at, word, 0, word.Length) == 0;

    private void SkipTo(string end)
    {
        var found = text.IndexOf(end, at, StringComparison.Ordinal);
        Skip((found < 0 ? text.Length : found) - at);
    }

    private void Skip(int characters)
    {
        var end = Math.Min(at + characters, text.Length);
        line += text.AsSpan(at, end - at).Count('\n');
        at = end;
    }
}
