using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// The rule for every id that a user can choose: 1 to 128 characters of <c>A-Z a-z 0-9 . _ : @ ~ + = -</c>, starting with a letter or a
/// digit, and not ending with <c>:highestSequenceNr</c>. Such an id needs no escaping in a URL, a file name or a Redis key. The journal
/// appends the reserved ending to the keys of its counters, so an id with that ending would collide with the counter of another id.
/// </summary>
public static class Identifier
{
    /// <summary>The maximum length of an id in characters.</summary>
    public const int MaxLength = 128;

    /// <summary>The rule, for error messages.</summary>
    public const string Rule =
        "1 to 128 characters of A-Z a-z 0-9 . _ : @ ~ + = -, beginning with a letter or digit and not ending with :highestSequenceNr";

    private const string ReservedEnding = ":highestSequenceNr";

    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@~+=-");

    /// <summary>Whether <paramref name="text"/> matches <see cref="Rule"/>.</summary>
    public static bool IsValid([NotNullWhen(true)] string? text) =>
        text is { Length: > 0 and <= MaxLength }
        && char.IsAsciiLetterOrDigit(text[0])
        && !text.EndsWith(ReservedEnding, StringComparison.Ordinal)
        && !text.AsSpan().ContainsAnyExcept(Allowed);
}
