using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// The one rule for every id that a user may choose: 1 to 128 characters out of <c>A-Z a-z 0-9 . _ : @ ~ + = -</c>,
/// the first of them a letter or a digit, and not ending with <c>:highestSequenceNr</c>. Such an id can stand in a URL, a file name and
/// a Redis key as it is. The reserved ending is the one that the journal gives to its counters: an id with it would be stored where
/// another id has its counter.
/// </summary>
public static class Identifier
{
    /// <summary>The most characters an id may have.</summary>
    public const int MaxLength = 128;

    /// <summary>The rule in words, for error messages.</summary>
    public const string Rule =
        "1 to 128 characters of A-Z a-z 0-9 . _ : @ ~ + = -, beginning with a letter or digit and not ending with :highestSequenceNr";

    private const string ReservedEnding = ":highestSequenceNr";

    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@~+=-");

    /// <summary>Whether <paramref name="text"/> keeps the <see cref="Rule"/>.</summary>
    public static bool IsValid([NotNullWhen(true)] string? text) =>
        text is { Length: > 0 and <= MaxLength }
        && char.IsAsciiLetterOrDigit(text[0])
        && !text.EndsWith(ReservedEnding, StringComparison.Ordinal)
        && !text.AsSpan().ContainsAnyExcept(Allowed);
}
