using System.Buffers;
using System.Text;

namespace Morag.Failover.Domain.Search;

/// <summary>A text to find, ignoring case, in strings and in UTF-8.</summary>
internal sealed class Needle
{
    private readonly byte[]? ascii;
    private readonly byte lower;
    private readonly byte upper;

    /// <param name="text">The text, not empty.</param>
    public Needle(string text)
    {
        Text = text;
        if (Ascii.IsValid(text))
        {
            ascii = Encoding.ASCII.GetBytes(text);
            lower = (byte)char.ToLowerInvariant(text[0]);
            upper = (byte)char.ToUpperInvariant(text[0]);
        }
    }

    public string Text { get; }

    /// <summary>Whether UTF-8 can be searched for it without decoding.</summary>
    public bool IsAscii => ascii is not null;

    public bool IsIn(string text) => text.Contains(Text, StringComparison.OrdinalIgnoreCase);

    public bool IsIn(ReadOnlySpan<byte> utf8) => ascii is { } bytes ? IsIn(utf8, bytes) : IsInDecoded(utf8);

    private bool IsIn(ReadOnlySpan<byte> utf8, byte[] bytes)
    {
        while (utf8.Length >= bytes.Length)
        {
            var at = utf8[..(utf8.Length - bytes.Length + 1)].IndexOfAny(lower, upper);
            if (at < 0)
            {
                return false;
            }

            if (Ascii.EqualsIgnoreCase(utf8.Slice(at, bytes.Length), bytes))
            {
                return true;
            }

            utf8 = utf8[(at + 1)..];
        }

        return false;
    }

    private bool IsInDecoded(ReadOnlySpan<byte> utf8)
    {
        var chars = ArrayPool<char>.Shared.Rent(Encoding.UTF8.GetMaxCharCount(utf8.Length));
        try
        {
            var length = Encoding.UTF8.GetChars(utf8, chars);
            return chars.AsSpan(0, length).Contains(Text, StringComparison.OrdinalIgnoreCase);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(chars);
        }
    }
}
