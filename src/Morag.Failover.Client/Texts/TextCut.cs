using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Texts;

/// <summary>Cuts texts without splitting a surrogate pair.</summary>
internal static class TextCut
{
    /// <summary>The beginning of the text, up to <paramref name="length"/> UTF-16 code units.</summary>
    public static string First(string text, int length) =>
        text.Length <= length ? text
        : length > 0 && char.IsHighSurrogate(text[length - 1]) ? text[..(length - 1)]
        : text[..length];

    /// <summary>The end of the text, up to <paramref name="maxBytes"/> bytes in UTF-8.</summary>
    public static string LastBytes(string text, int maxBytes)
    {
        var (bytes, from) = (TextBytes.Of(text), 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if (bytes <= maxBytes)
            {
                break;
            }

            bytes -= rune.Utf8SequenceLength;
            from += rune.Utf16SequenceLength;
        }

        return text[from..];
    }

    /// <summary>The end of the text, up to <paramref name="length"/> UTF-16 code units.</summary>
    public static string Last(string text, int length)
    {
        var from = Math.Max(0, text.Length - length);
        return from < text.Length && char.IsLowSurrogate(text[from]) ? text[(from + 1)..] : text[from..];
    }
}
