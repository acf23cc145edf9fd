using System.Globalization;

namespace Morag.Failover.Domain.Search;

/// <summary>Parses a filter by recursive descent, within <see cref="SearchLimits"/>.</summary>
internal sealed class SearchParser(string text)
{
    private int position;
    private int terms;
    private SearchError? error;

    /// <summary>The condition; null after an error.</summary>
    public static SearchNode? Parse(string text, out SearchError? error)
    {
        if (text.Length > SearchLimits.MaxLength)
        {
            error = new SearchError(
                SearchLimits.MaxLength,
                text.Length - SearchLimits.MaxLength,
                null,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"A filter may have at most {SearchLimits.MaxLength:N0} characters, not {text.Length:N0}."));
            return null;
        }

        var parser = new SearchParser(text);
        var node = parser.Whole();
        error = parser.error;
        return error is null ? node : null;
    }

    private SearchNode? Whole()
    {
        SkipSpace();
        if (position == text.Length)
        {
            return new AllOf([]);
        }

        var node = Or(depth: 0);
        return error is null && position < text.Length
            ? Fail(position, 1, null, "There is no parenthesis to close here. To search for this character, put the text in quotes.")
            : node;
    }

    private SearchNode? Or(int depth)
    {
        var parts = new List<SearchNode>();
        do
        {
            if (And(depth) is not { } part)
            {
                return null;
            }

            parts.Add(part);
        }
        while (SkipWord("or"));

        return parts.Count == 1 ? parts[0] : new AnyOf(parts);
    }

    private SearchNode? And(int depth)
    {
        var parts = new List<SearchNode>();
        while (true)
        {
            SkipSpace();
            if (parts.Count > 0 && !SkipWord("and") && (position == text.Length || text[position] == ')' || IsAtWord("or")))
            {
                return parts.Count == 1 ? parts[0] : new AllOf(parts);
            }

            if (Unary(depth) is not { } part)
            {
                return null;
            }

            parts.Add(part);
        }
    }

    private SearchNode? Unary(int depth)
    {
        SkipSpace();
        var start = position;
        if (position == text.Length || text[position] == ')' || IsAtWord("or") || IsAtWord("and"))
        {
            return Fail(start, 0, null, "A term is missing here, such as state:parked.");
        }

        if (depth > SearchLimits.MaxDepth)
        {
            return Fail(start, 1, null, $"A filter may nest parentheses and negations at most {SearchLimits.MaxDepth} deep.");
        }

        if (text[position] == '-' || IsAtWord("not"))
        {
            position += text[position] == '-' ? 1 : "not".Length;
            return Unary(depth + 1) is { } negated ? new NoneOf(negated) : null;
        }

        if (text[position] != '(')
        {
            return Term();
        }

        position++;
        var inner = Or(depth + 1);
        if (inner is null || Skip(')'))
        {
            return inner;
        }

        return Fail(start, 1, null, "This parenthesis is not closed.");
    }

    private SearchNode? Term()
    {
        var start = position;
        if (SearchTokens.FieldAt(text, position) is not { } name)
        {
            return Words();
        }

        var (@operator, length) = SearchOperators.At(text.AsSpan(name.End));
        if (length == 0)
        {
            return text.AsSpan(name.End) is ['=', ..] or ['!', '=', ..]
                ? Fail(name.End, 1, name.Name, "Write : for \"equals\", and - before the term for \"not\".")
                : Words();
        }

        if (SearchFields.Find(name.Name) is not { } field)
        {
            return Fail(
                start,
                name.End - start,
                name.Name,
                $"There is no field {name.Name}. To search for the text itself, put it in quotes.",
                SearchFields.Nearest(name.Name));
        }

        position = name.End + length;
        return IsMisused(field, name, @operator, start) ? null : Comparison(field, name.Path, @operator);
    }

    private bool IsMisused(SearchField field, SearchTokens.FieldName name, SearchOperator @operator, int start)
    {
        if (name.Path.Length > SearchLimits.MaxPath)
        {
            return Broken(start, name.End - start, field.Name, $"A path may have at most {SearchLimits.MaxPath} names.");
        }

        if (name.Path.Length > 0 && field.Kind != SearchKind.Json)
        {
            return Broken(
                start, name.End - start, field.Name, $"The field {field.Name} has no parts. Only payload, result and quality have.");
        }

        if (field.Operators.Contains(@operator) || (@operator == SearchOperator.Equals && IsAny()))
        {
            return false;
        }

        var allowed = string.Join(" ", field.Operators.Select(SearchOperators.TextOf));
        return Broken(
            name.End,
            position - name.End,
            field.Name,
            $"The field {field.Name} cannot be compared with {SearchOperators.TextOf(@operator)}. Use one of {allowed} instead.");
    }

    private SearchNode? Comparison(SearchField field, ImmutableArray<string> path, SearchOperator @operator)
    {
        var alternatives = new List<SearchNode>();
        foreach (var literal in Values(field.Name))
        {
            if (alternatives.Count == 1 && @operator is not (SearchOperator.Equals or SearchOperator.Contains))
            {
                return Fail(literal.Position, literal.Length, field.Name, "A list of values can follow only : and ~.");
            }

            var (node, rule) = literal.IsAny && @operator == SearchOperator.Equals
                ? (field.HasValue(path), null)
                : field.Compare(@operator, literal, path);
            if (node is null)
            {
                return Fail(literal.Position, literal.Length, field.Name, $"\"{literal.Text}\" is no value of {field.Name}. {rule}");
            }

            alternatives.Add(node);
        }

        return error is not null ? null : alternatives.Count == 1 ? alternatives[0] : new AnyOf(alternatives);
    }

    /// <summary>Words without a field: each is searched in id, errors and payload.</summary>
    private SearchNode? Words()
    {
        var alternatives = new List<SearchNode>();
        foreach (var literal in Values(null))
        {
            if (literal.Text.Length == 0)
            {
                return Fail(literal.Position, literal.Length, null, "The text to find is empty.");
            }

            alternatives.Add(AnyText.Containing(literal.Text));
        }

        return error is not null ? null : alternatives.Count == 1 ? alternatives[0] : new AnyOf(alternatives);
    }

    /// <summary>Reads values that are separated by commas. Ends early after an error.</summary>
    private IEnumerable<SearchLiteral> Values(string? field)
    {
        do
        {
            var start = position;
            if (++terms > SearchLimits.MaxTerms)
            {
                _ = Fail(start, 0, field, $"A filter may have at most {SearchLimits.MaxTerms} values and words.");
                yield break;
            }

            var (value, rule) = SearchTokens.ValueAt(text, ref position);
            if (rule is not null)
            {
                _ = Fail(start, position - start, field, rule);
                yield break;
            }

            yield return new SearchLiteral(value, text[start] == '"', start, position - start);
        }
        while (Skip(','));
    }

    private bool IsAny() => position < text.Length && text[position] == '*';

    private bool Skip(char expected)
    {
        var isThere = position < text.Length && text[position] == expected;
        position += isThere ? 1 : 0;
        return isThere;
    }

    private bool SkipWord(string word)
    {
        SkipSpace();
        var isThere = IsAtWord(word);
        position += isThere ? word.Length : 0;
        return isThere;
    }

    private bool IsAtWord(string word) =>
        text.AsSpan(position).StartsWith(word, StringComparison.OrdinalIgnoreCase)
        && (position + word.Length == text.Length
            || char.IsWhiteSpace(text[position + word.Length])
            || text[position + word.Length] is '(' or ')');

    private void SkipSpace()
    {
        while (position < text.Length && char.IsWhiteSpace(text[position]))
        {
            position++;
        }
    }

    private bool Broken(int at, int length, string? field, string rule)
    {
        _ = Fail(at, length, field, rule);
        return true;
    }

    private SearchNode? Fail(int at, int length, string? field, string rule, string? suggestion = null)
    {
        error ??= new SearchError(at, length, field, rule, suggestion);
        return null;
    }
}
