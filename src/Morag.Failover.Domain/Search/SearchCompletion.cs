namespace Morag.Failover.Domain.Search;

/// <summary>What a suggestion completes.</summary>
public enum SuggestionKind
{
    Field,
    Operator,
    Value,
    Keyword,
}

/// <summary>A text that can replace the part of a filter before the cursor.</summary>
/// <param name="Text">The text to insert.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Summary">What it means, for a list of suggestions.</param>
/// <param name="Start">Where the part that it replaces starts. The part ends at the cursor.</param>
public sealed record SearchSuggestion(string Text, SuggestionKind Kind, string Summary, int Start);

/// <summary>Completes filters while they are typed.</summary>
public static class SearchCompletion
{
    private static readonly ImmutableArray<(string Text, string Summary)> Keywords =
    [
        ("or", "either the terms before or those after it"),
        ("not", "the next term does not match"),
    ];

    private static readonly ImmutableArray<(string Text, string Summary)> Durations =
        [("15m", "15 minutes"), ("1h", "one hour"), ("1d", "one day"), ("1w", "one week")];

    private static readonly ImmutableArray<(string Text, string Summary)> Times =
        [("now-15m", "15 minutes ago"), ("now-1h", "one hour ago"), ("now-1d", "one day ago"), ("now-1w", "one week ago")];

    /// <summary>The texts that can stand at the cursor, best first.</summary>
    /// <param name="text">The filter as typed so far. It need not be valid.</param>
    /// <param name="cursor">The position of the cursor, 0 to the length of the text. Other values are moved there.</param>
    /// <param name="queues">The names of the queues.</param>
    public static ImmutableArray<SearchSuggestion> Complete(string text, int cursor, IEnumerable<string> queues)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(queues);
        cursor = Math.Clamp(cursor, 0, Math.Min(text.Length, SearchLimits.MaxLength));
        var start = StartOfTerm(text, cursor);
        while (start < cursor && text[start] == '-')
        {
            start++;
        }

        // A path may contain quotes that are still open, so the term is cut off at the cursor.
        var term = text[start..cursor];
        if (SearchTokens.FieldAt(term, 0) is not { } name)
        {
            return term.Length == 0 ? [.. FieldsLike("", start), .. KeywordsLike("", start)] : [];
        }

        var (@operator, length) = SearchOperators.At(term.AsSpan(name.End));
        if (length == 0)
        {
            return name.End == term.Length && name.Path.IsEmpty ? NamesLike(term, start) : [];
        }

        return SearchFields.Find(name.Name) is { } field && field.Operators.Contains(@operator)
            ? ValuesLike(field, term, name.End + length, start, queues)
            : [];
    }

    private static ImmutableArray<SearchSuggestion> NamesLike(string typed, int start) =>
    [
        .. FieldsLike(typed, start),
        .. SearchFields.Find(typed) is { } field ? OperatorsOf(field, start + typed.Length) : [],
        .. KeywordsLike(typed, start),
    ];

    private static IEnumerable<SearchSuggestion> FieldsLike(string typed, int start)
    {
        var like = SearchFields.All.Where(field => field.Name.StartsWith(typed, StringComparison.OrdinalIgnoreCase)).ToList();
        like.AddRange(SearchFields.All.Where(
            field => typed.Length > 1 && !like.Contains(field) && field.Name.Contains(typed, StringComparison.OrdinalIgnoreCase)));
        if (like.Count == 0 && SearchFields.Nearest(typed) is { } nearest)
        {
            like.Add(SearchFields.Find(nearest)!);
        }

        return like.Select(field => new SearchSuggestion(
            field.Name + FirstOperatorOf(field), SuggestionKind.Field, $"{field.Summary} Example: {field.Example}", start));
    }

    private static string FirstOperatorOf(SearchField field) => field.Kind switch
    {
        SearchKind.Json => ".",
        SearchKind.Number or SearchKind.Duration or SearchKind.Time => ">",
        _ => ":",
    };

    private static IEnumerable<SearchSuggestion> OperatorsOf(SearchField field, int at) =>
        from known in SearchOperators.All
        where field.Operators.Contains(known.Operator)
        select new SearchSuggestion(known.Text, SuggestionKind.Operator, known.Summary, at);

    private static IEnumerable<SearchSuggestion> KeywordsLike(string typed, int start) =>
        from keyword in Keywords
        where keyword.Text.StartsWith(typed, StringComparison.OrdinalIgnoreCase)
        select new SearchSuggestion(keyword.Text, SuggestionKind.Keyword, keyword.Summary, start);

    private static ImmutableArray<SearchSuggestion> ValuesLike(
        SearchField field, string term, int values, int start, IEnumerable<string> queues)
    {
        var at = Math.Max(values, term.LastIndexOf(',') + 1);
        var typed = term[at..].TrimStart('"');
        var known = field.Kind switch
        {
            SearchKind.Duration => Durations,
            SearchKind.Time => Times,
            _ when field == SearchFields.Queue => [.. queues.Select(queue => (queue, "queue"))],
            _ => [.. field.Values.Select(value => (value, field.Name))],
        };
        return
        [
            .. from value in known
            where value.Text.StartsWith(typed, StringComparison.OrdinalIgnoreCase)
            select new SearchSuggestion(SearchTokens.Written(value.Text), SuggestionKind.Value, value.Summary, start + at),
        ];
    }

    /// <summary>Where the term at the cursor starts: after the last space or parenthesis outside quotes.</summary>
    private static int StartOfTerm(string text, int cursor)
    {
        var (start, quoted) = (0, false);
        for (var position = 0; position < cursor; position++)
        {
            var character = text[position];
            if (character == '"')
            {
                quoted = !quoted;
            }
            else if (character == '\\' && quoted)
            {
                position++;
            }
            else if (!quoted && (char.IsWhiteSpace(character) || character is '(' or ')'))
            {
                start = position + 1;
            }
        }

        return start;
    }
}
