namespace Morag.Failover.Domain.Search;

/// <summary>How a term compares a field with its value.</summary>
public enum SearchOperator
{
    /// <summary><c>:</c> equals one of the values; <c>:*</c> has any value.</summary>
    Equals,

    /// <summary><c>~</c> contains one of the values, ignoring case.</summary>
    Contains,

    /// <summary><c>&gt;</c> is more than the value.</summary>
    Above,

    /// <summary><c>&gt;=</c> is at least the value.</summary>
    AtLeast,

    /// <summary><c>&lt;</c> is less than the value.</summary>
    Below,

    /// <summary><c>&lt;=</c> is at most the value.</summary>
    AtMost,
}

/// <summary>The characters of the operators, and what each of them means for values in an order.</summary>
internal static class SearchOperators
{
    /// <summary>The operators with what they do, in the order of the documentation.</summary>
    public static readonly ImmutableArray<(SearchOperator Operator, string Text, string Summary)> All =
    [
        (SearchOperator.Equals, ":", "equals"),
        (SearchOperator.Contains, "~", "contains, ignoring case"),
        (SearchOperator.Above, ">", "is more than"),
        (SearchOperator.AtLeast, ">=", "is at least"),
        (SearchOperator.Below, "<", "is less than"),
        (SearchOperator.AtMost, "<=", "is at most"),
    ];

    /// <summary>The operator that a text starts with, and its length; 0 if it starts with none.</summary>
    public static (SearchOperator Operator, int Length) At(ReadOnlySpan<char> text) => text switch
    {
        [':', ..] => (SearchOperator.Equals, 1),
        ['~', ..] => (SearchOperator.Contains, 1),
        ['>', '=', ..] => (SearchOperator.AtLeast, 2),
        ['>', ..] => (SearchOperator.Above, 1),
        ['<', '=', ..] => (SearchOperator.AtMost, 2),
        ['<', ..] => (SearchOperator.Below, 1),
        _ => (default, 0),
    };

    public static string TextOf(SearchOperator @operator)
    {
        foreach (var known in All)
        {
            if (known.Operator == @operator)
            {
                return known.Text;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(@operator), @operator, "Unknown operator.");
    }

    /// <summary>Whether a value matches the range from <paramref name="from"/> up to and without <paramref name="to"/>.</summary>
    public static bool Holds<T>(this SearchOperator @operator, T value, T from, T to)
        where T : IComparable<T> => @operator switch
        {
            SearchOperator.Equals => value.CompareTo(from) >= 0 && value.CompareTo(to) < 0,
            SearchOperator.Above => value.CompareTo(to) >= 0,
            SearchOperator.AtLeast => value.CompareTo(from) >= 0,
            SearchOperator.Below => value.CompareTo(from) < 0,
            SearchOperator.AtMost => value.CompareTo(to) < 0,
            _ => throw new ArgumentOutOfRangeException(nameof(@operator), @operator, "The operator does not compare."),
        };

    /// <summary>Whether a value compares with another as the operator says.</summary>
    public static bool Holds<T>(this SearchOperator @operator, T value, T other)
        where T : IComparable<T> => @operator switch
        {
            SearchOperator.Equals => value.CompareTo(other) == 0,
            SearchOperator.Above => value.CompareTo(other) > 0,
            SearchOperator.AtLeast => value.CompareTo(other) >= 0,
            SearchOperator.Below => value.CompareTo(other) < 0,
            SearchOperator.AtMost => value.CompareTo(other) <= 0,
            _ => throw new ArgumentOutOfRangeException(nameof(@operator), @operator, "The operator does not compare."),
        };
}
