using System.Diagnostics.CodeAnalysis;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Search;

/// <summary>
/// A filter over tasks, such as <c>state:parked failures&gt;2 payload.file~mp4</c>. The language is described in <c>docs/search.md</c>.
/// </summary>
public sealed class TaskSearch
{
    /// <summary>Matches every task.</summary>
    public static readonly TaskSearch Everything = new("", new AllOf([]));

    private readonly SearchNode condition;

    private TaskSearch(string text, SearchNode condition)
    {
        Text = text;
        this.condition = condition;
    }

    /// <summary>The filter as written.</summary>
    public string Text { get; }

    /// <summary>Whether it has no condition, so that every task matches.</summary>
    public bool IsEmpty => string.IsNullOrWhiteSpace(Text);

    /// <summary>Parses a filter. An empty text matches every task.</summary>
    /// <param name="text">The filter.</param>
    /// <param name="search">The parsed filter; null after an error.</param>
    /// <param name="error">What is wrong with the text; null if nothing is.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out TaskSearch? search, [NotNullWhen(false)] out SearchError? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        search = SearchParser.Parse(text, out error) is { } condition ? new TaskSearch(text, condition) : null;
        return search is not null;
    }

    /// <summary>Whether a task matches.</summary>
    public bool Matches(TaskRecord task, SearchScope scope) => condition.Matches(task, scope);

    /// <inheritdoc />
    public override string ToString() => Text;
}
