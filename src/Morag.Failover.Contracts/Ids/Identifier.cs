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

    /// <summary>
    /// A switch of the runtime that gives equal ids the same hash code in every process. Simulations set it, because the order of
    /// unordered collections follows from the hash codes. Without it each process hashes differently, so that nobody can choose ids that
    /// collide.
    /// </summary>
    private const string StableHashesSwitch = "Morag.Failover.StableIdHashes";

    private static readonly bool HashesAreStable = AppContext.TryGetSwitch(StableHashesSwitch, out var set) && set;

    private const string ReservedEnding = ":highestSequenceNr";

    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@~+=-");

    /// <summary>Whether <paramref name="text"/> matches <see cref="Rule"/>.</summary>
    public static bool IsValid([NotNullWhen(true)] string? text) =>
        text is { Length: > 0 and <= MaxLength }
        && char.IsAsciiLetterOrDigit(text[0])
        && !text.EndsWith(ReservedEnding, StringComparison.Ordinal)
        && !text.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>The hash code of an id.</summary>
    internal static int HashOf(string? id) =>
        id is null ? 0 : HashesAreStable ? StableHashOf(id) : id.GetHashCode(StringComparison.Ordinal);

    private static int StableHashOf(string id)
    {
        // FNV-1a
        var hash = 2166136261;
        foreach (var character in id)
        {
            hash = (hash ^ character) * 16777619;
        }

        return (int)hash;
    }
}
