using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Search;

/// <summary>The kinds of fields. The kind decides which operators and values a field takes.</summary>
public enum SearchKind
{
    /// <summary>A text: <c>:</c> is exact, <c>~</c> ignores case.</summary>
    Text,

    /// <summary>One of a few words; for priorities also a number, in their order.</summary>
    Word,

    /// <summary>A number.</summary>
    Number,

    /// <summary>A duration.</summary>
    Duration,

    /// <summary>A time.</summary>
    Time,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Flag,

    /// <summary>A JSON value, searched as a whole or at a path.</summary>
    Json,
}

/// <summary>A field of the filter language.</summary>
public abstract class SearchField
{
    private protected SearchField(string name, SearchKind kind, string summary, string example)
    {
        Name = name;
        Kind = kind;
        Summary = summary;
        Example = example;
    }

    /// <summary>Its name in a filter.</summary>
    public string Name { get; }

    public SearchKind Kind { get; }

    /// <summary>What it holds, in one sentence.</summary>
    public string Summary { get; }

    /// <summary>A term with it.</summary>
    public string Example { get; }

    /// <summary>The operators that it takes.</summary>
    public virtual ImmutableArray<SearchOperator> Operators => Kind switch
    {
        SearchKind.Text => [SearchOperator.Equals, SearchOperator.Contains],
        SearchKind.Word => IsOrdered ? [.. Enum.GetValues<SearchOperator>()] : [SearchOperator.Equals, SearchOperator.Contains],
        SearchKind.Number or SearchKind.Time => [.. Enum.GetValues<SearchOperator>().Where(known => known != SearchOperator.Contains)],
        SearchKind.Duration =>
            [SearchOperator.Above, SearchOperator.AtLeast, SearchOperator.Below, SearchOperator.AtMost],
        SearchKind.Flag => [SearchOperator.Equals],
        SearchKind.Json => [.. Enum.GetValues<SearchOperator>()],
        _ => throw new ArgumentOutOfRangeException(nameof(Kind), Kind, "Unknown kind of field."),
    };

    /// <summary>The values that it can have, if they are few; else empty.</summary>
    public virtual ImmutableArray<string> Values => [];

    /// <summary>Whether tasks can be sorted by it.</summary>
    [MemberNotNullWhen(true, nameof(SortKey))]
    public bool IsSortable => SortKey is not null;

    /// <summary>Whether its words have an order.</summary>
    internal virtual bool IsOrdered => false;

    /// <summary>The key to sort by; null if tasks cannot be sorted by it.</summary>
    internal Func<TaskRecord, SearchScope, SortKey>? SortKey { get; init; }

    /// <summary>Whether the field has a value.</summary>
    internal abstract SearchNode HasValue(ImmutableArray<string> path);

    /// <summary>Compares the field with a literal.</summary>
    /// <returns>The condition, or else the rule that the literal breaks.</returns>
    internal abstract (SearchNode? Node, string? Rule) Compare(
        SearchOperator @operator, SearchLiteral literal, ImmutableArray<string> path);
}

/// <summary>A field with one text or several.</summary>
internal sealed class TextField(string name, string summary, string example, Func<TaskRecord, Func<string, bool>, bool> any)
    : SearchField(name, SearchKind.Text, summary, example)
{
    /// <summary>Whether a stored text stands for the one that is searched for.</summary>
    internal Func<string, string, bool> StandsFor { get; init; } = string.Equals;

    internal override SearchNode HasValue(ImmutableArray<string> path) =>
        new FieldTest(SearchCost.Field, (task, _) => any(task, _ => true));

    internal override (SearchNode? Node, string? Rule) Compare(SearchOperator @operator, SearchLiteral literal, ImmutableArray<string> path)
    {
        if (@operator == SearchOperator.Equals)
        {
            Func<string, bool> equals = text => StandsFor(text, literal.Text);
            return (new FieldTest(SearchCost.Field, (task, _) => any(task, equals)), null);
        }

        if (literal.Text.Length == 0)
        {
            return (null, "The text to find is empty.");
        }

        Func<string, bool> contains = new Needle(literal.Text).IsIn;
        return (new FieldTest(SearchCost.Text, (task, _) => any(task, contains)), null);
    }
}

/// <summary>A field whose values are a few words, each with a number. A task may have several of them.</summary>
/// <param name="name">The name.</param>
/// <param name="summary">What it holds.</param>
/// <param name="example">A term with it.</param>
/// <param name="words">The words with their numbers, 0 to 63.</param>
/// <param name="isOrdered">Whether the numbers are an order that can be written in a filter.</param>
/// <param name="bits">The values of a task: one bit for each number.</param>
internal sealed class WordField(
    string name,
    string summary,
    string example,
    ImmutableArray<(string Word, int Number)> words,
    bool isOrdered,
    Func<TaskRecord, SearchScope, long> bits) : SearchField(name, SearchKind.Word, summary, example)
{
    public override ImmutableArray<string> Values => [.. words.Select(word => word.Word)];

    internal override bool IsOrdered => isOrdered;

    /// <summary>The words of an enum with few values.</summary>
    public static ImmutableArray<(string Word, int Number)> WordsOf<TEnum>()
        where TEnum : struct, Enum =>
        [.. Enum.GetValues<TEnum>().Select(WireName.Of).Zip(Enum.GetValuesAsUnderlyingType<TEnum>().Cast<int>())];

    internal override SearchNode HasValue(ImmutableArray<string> path) =>
        new FieldTest(SearchCost.Field, (task, scope) => bits(task, scope) != 0);

    internal override (SearchNode? Node, string? Rule) Compare(SearchOperator @operator, SearchLiteral literal, ImmutableArray<string> path)
    {
        if (@operator == SearchOperator.Contains)
        {
            return Among(words.Where(word => word.Word.Contains(literal.Text, StringComparison.OrdinalIgnoreCase)));
        }

        double? number = isOrdered && !literal.Quoted ? SearchLiterals.Number(literal.Text) : null;
        foreach (var word in words)
        {
            if (word.Word.Equals(literal.Text, StringComparison.OrdinalIgnoreCase))
            {
                number = word.Number;
            }
        }

        return number is { } value
            ? Among(words.Where(word => @operator.Holds(word.Number, value)))
            : (null, $"Write one of {string.Join(", ", words.Select(word => word.Word))}.");
    }

    private (SearchNode? Node, string? Rule) Among(IEnumerable<(string Word, int Number)> chosen)
    {
        var mask = chosen.Aggregate(0L, (mask, word) => mask | (1L << word.Number));
        return (new FieldTest(SearchCost.Field, (task, scope) => (bits(task, scope) & mask) != 0), null);
    }
}

internal sealed class NumberField(string name, string summary, string example, Func<TaskRecord, SearchScope, double?> number)
    : SearchField(name, SearchKind.Number, summary, example)
{
    internal override SearchNode HasValue(ImmutableArray<string> path) =>
        new FieldTest(SearchCost.Field, (task, scope) => number(task, scope) is not null);

    internal override (SearchNode? Node, string? Rule) Compare(
        SearchOperator @operator, SearchLiteral literal, ImmutableArray<string> path) => SearchLiterals.Number(literal.Text) is { } other
        ? (new FieldTest(SearchCost.Field, (task, scope) => number(task, scope) is { } value && @operator.Holds(value, other)), null)
        : (null, SearchLiterals.NumberRule);
}

internal sealed class DurationField(string name, string summary, string example, Func<TaskRecord, SearchScope, TimeSpan?> duration)
    : SearchField(name, SearchKind.Duration, summary, example)
{
    internal override SearchNode HasValue(ImmutableArray<string> path) =>
        new FieldTest(SearchCost.Field, (task, scope) => duration(task, scope) is not null);

    internal override (SearchNode? Node, string? Rule) Compare(
        SearchOperator @operator, SearchLiteral literal, ImmutableArray<string> path) => SearchLiterals.Duration(literal.Text) is { } other
        ? (new FieldTest(SearchCost.Field, (task, scope) => duration(task, scope) is { } value && @operator.Holds(value, other)), null)
        : (null, SearchLiterals.DurationRule);
}

internal sealed class TimeField(string name, string summary, string example, Func<TaskRecord, SearchScope, DateTimeOffset?> time)
    : SearchField(name, SearchKind.Time, summary, example)
{
    internal override SearchNode HasValue(ImmutableArray<string> path) =>
        new FieldTest(SearchCost.Field, (task, scope) => time(task, scope) is not null);

    internal override (SearchNode? Node, string? Rule) Compare(SearchOperator @operator, SearchLiteral literal, ImmutableArray<string> path)
    {
        if (SearchLiterals.Time(literal.Text) is not { } other)
        {
            return (null, SearchLiterals.TimeRule);
        }

        return (
            new FieldTest(
                SearchCost.Field,
                (task, scope) => time(task, scope) is { } value
                    && other.At(scope.Now) is var range
                    && @operator.Holds(value, range.From, range.To)),
            null);
    }
}

internal sealed class FlagField(string name, string summary, string example, Func<TaskRecord, bool> flag)
    : SearchField(name, SearchKind.Flag, summary, example)
{
    public override ImmutableArray<string> Values => ["true", "false"];

    internal override SearchNode HasValue(ImmutableArray<string> path) => new AllOf([]);

    internal override (SearchNode? Node, string? Rule) Compare(
        SearchOperator @operator, SearchLiteral literal, ImmutableArray<string> path) => bool.TryParse(literal.Text, out var wanted)
        ? (new FieldTest(SearchCost.Field, (task, _) => flag(task) == wanted), null)
        : (null, "Write true or false.");
}

/// <summary>A JSON value. A path after its name selects a part.</summary>
internal sealed class JsonField(string name, string summary, string example, Func<TaskRecord, JsonText> json)
    : SearchField(name, SearchKind.Json, summary, example)
{
    internal override SearchNode HasValue(ImmutableArray<string> path) => Test(path, new JsonExists());

    internal override (SearchNode? Node, string? Rule) Compare(SearchOperator @operator, SearchLiteral literal, ImmutableArray<string> path)
    {
        switch (@operator)
        {
            case SearchOperator.Contains:
                return literal.Text.Length == 0
                    ? (null, "The text to find is empty.")
                    : (Test(path, new JsonContains(new Needle(literal.Text))), null);
            case SearchOperator.Equals:
                return (Test(path, new JsonEquals(literal)), null);
            default:
                var (number, time) = (JsonNumber.Of(literal.Text), SearchLiterals.Time(literal.Text));
                return number is null && time is null
                    ? (null, "Write a number such as 3, or a time such as 2026-11-28 or now-2h.")
                    : (Test(path, new JsonCompares(@operator, number, time)), null);
        }
    }

    private FieldTest Test(ImmutableArray<string> path, JsonTest test)
    {
        var at = new JsonPathTest(path, test);
        return new FieldTest(SearchCost.Json, (task, scope) => at.Passes(json(task), scope.Now));
    }
}
