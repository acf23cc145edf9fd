using System.Buffers;
using System.Text;

namespace Morag.Failover.Domain.Search;

/// <summary>Reads the names and values of a filter. Parser and completion both use it.</summary>
internal static class SearchTokens
{
    public const string NotClosed = "This quote is not closed.";

    private static readonly SearchValues<char> EndOfName = SearchValues.Create(" \t\r\n.:~<>=!,()\"");

    /// <summary>The name of a field with its path, and where it ends.</summary>
    public readonly record struct FieldName(string Name, ImmutableArray<string> Path, int End);

    /// <summary>The field name at a position, such as <c>payload.file</c>; null if the text there cannot be one.</summary>
    public static FieldName? FieldAt(string text, int position)
    {
        var end = position;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '_' or '-'))
        {
            end++;
        }

        if (end == position || !char.IsAsciiLetter(text[position]))
        {
            return null;
        }

        var name = text[position..end];
        var path = ImmutableArray.CreateBuilder<string>();
        while (end < text.Length && text[end] == '.')
        {
            end++;
            var start = end;
            if (end < text.Length && text[end] == '"')
            {
                var (quoted, rule) = ValueAt(text, ref end);
                if (rule is not null)
                {
                    return null;
                }

                path.Add(quoted);
                continue;
            }

            var length = text.AsSpan(end).IndexOfAny(EndOfName);
            end = length < 0 ? text.Length : end + length;
            if (end == start)
            {
                return null;
            }

            path.Add(text[start..end]);
        }

        return new FieldName(name, path.ToImmutable(), end);
    }

    /// <summary>Reads the value at a position, and moves behind it.</summary>
    /// <returns>The value, or else the rule that the text breaks.</returns>
    public static (string Value, string? Rule) ValueAt(string text, ref int position)
    {
        if (position < text.Length && text[position] == '"')
        {
            return QuotedAt(text, ref position);
        }

        var start = position;
        while (position < text.Length && text[position] is not (',' or '(' or ')' or '"') && !char.IsWhiteSpace(text[position]))
        {
            position++;
        }

        return start == position
            ? ("", "A value is missing here. Write \"\" for an empty text.")
            : (text[start..position], null);
    }

    /// <summary>A value as it must be written: in quotes if it has to be.</summary>
    public static string Written(string value)
    {
        const string Special = "\"\\,()";
        var isPlain = value.Length > 0 && value != "*" && !value.Any(letter => Special.Contains(letter) || char.IsWhiteSpace(letter));
        var escaped = value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        return isPlain ? value : $"\"{escaped}\"";
    }

    private static (string Value, string? Rule) QuotedAt(string text, ref int position)
    {
        var value = new StringBuilder();
        for (position++; position < text.Length; position++)
        {
            switch (text[position])
            {
                case '"':
                    position++;
                    return (value.ToString(), null);
                case '\\' when position + 1 < text.Length:
                    position++;
                    if (Unescaped(text[position]) is not { } character)
                    {
                        position++;
                        return ("", "In quotes, only \\\" \\\\ \\n \\r and \\t are escapes.");
                    }

                    value.Append(character);
                    break;
                default:
                    value.Append(text[position]);
                    break;
            }
        }

        return ("", NotClosed);
    }

    private static char? Unescaped(char escaped) => escaped switch
    {
        '"' or '\\' => escaped,
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        _ => null,
    };
}
