using System.Text;

namespace Morag.Failover.Contracts.Wire;

/// <summary>How texts are measured: in bytes of UTF-8, which is what they take on the wire and in the store.</summary>
public static class TextBytes
{
    /// <summary>The bytes of a text.</summary>
    public static int Of(string text) => Encoding.UTF8.GetByteCount(text);

    /// <summary>The rule that a longer text breaks, to follow the name of its field; null for one that keeps it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxBytes">The most bytes that it may have.</param>
    public static string? BrokenRule(string text, int maxBytes) =>
        Of(text) is var bytes && bytes > maxBytes
            ? FormattableString.Invariant($"may have at most {maxBytes} bytes in UTF-8, not {bytes}")
            : null;

    /// <summary>The beginning of a text, up to <paramref name="maxBytes"/> bytes.</summary>
    public static string First(string text, int maxBytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length <= maxBytes / 3 || Of(text) <= maxBytes)
        {
            return text;
        }

        var (bytes, length) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > maxBytes)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return text[..length];
    }
}
