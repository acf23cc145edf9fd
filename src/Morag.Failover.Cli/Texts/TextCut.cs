namespace Morag.Failover.Cli.Texts;

/// <summary>Cuts texts between characters, never inside a surrogate pair.</summary>
internal static class TextCut
{
    /// <summary>At most the first <paramref name="length"/> UTF-16 units.</summary>
    public static string First(string text, int length) =>
        text.Length <= length ? text
        : length > 0 && char.IsHighSurrogate(text[length - 1]) ? text[..(length - 1)]
        : text[..length];

    /// <summary>At most the last <paramref name="length"/> UTF-16 units.</summary>
    public static string Last(string text, int length)
    {
        var from = Math.Max(0, text.Length - length);
        return from < text.Length && char.IsLowSurrogate(text[from]) ? text[(from + 1)..] : text[from..];
    }
}
