using System.Globalization;

namespace Morag.Failover.Domain.Search;

/// <summary>Why a filter, a sort order or a cursor is rejected.</summary>
/// <param name="Position">Where the faulty part starts: the index of its first character, from 0.</param>
/// <param name="Length">How many characters are faulty; 0 if something is missing at <paramref name="Position"/>.</param>
/// <param name="Field">The field of the faulty term; null if there is none.</param>
/// <param name="Rule">What is wrong and what to write instead, in one or two sentences.</param>
/// <param name="Suggestion">The field name that was probably meant; null if none is near.</param>
public sealed record SearchError(int Position, int Length, string? Field, string Rule, string? Suggestion = null)
{
    /// <summary>The error for people: position, rule and suggestion.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"at character {Position + 1}: {Rule}{(Suggestion is null ? "" : $" Did you mean \"{Suggestion}\"?")}");
}

/// <summary>The limits of a filter. They bound the cost of parsing and of evaluating it.</summary>
public static class SearchLimits
{
    /// <summary>The most characters of a filter.</summary>
    public const int MaxLength = 2_000;

    /// <summary>The most values and words in a filter.</summary>
    public const int MaxTerms = 100;

    /// <summary>The most levels of parentheses and negations.</summary>
    public const int MaxDepth = 16;

    /// <summary>The most names in the path of a JSON field.</summary>
    public const int MaxPath = 16;
}
