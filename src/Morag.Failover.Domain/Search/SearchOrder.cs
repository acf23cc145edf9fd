using System.Diagnostics.CodeAnalysis;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Search;

/// <summary>The order of a list of tasks: by one field, and by id among tasks with the same value.</summary>
public sealed class SearchOrder
{
    /// <summary>By id, ascending.</summary>
    public static readonly SearchOrder ById = new(SearchFields.Id, descending: false);

    private readonly SearchField field;
    private readonly bool descending;

    private SearchOrder(SearchField field, bool descending)
    {
        this.field = field;
        this.descending = descending;
    }

    /// <summary>Whether this is the order of the table of tasks.</summary>
    internal bool IsById => this.field == SearchFields.Id && !descending;

    /// <summary>Parses the name of a sortable field, with a leading <c>-</c> for descending order; empty for ids.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out SearchOrder? order, [NotNullWhen(false)] out SearchError? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        (order, error) = (null, null);
        if (text.Length == 0)
        {
            order = ById;
            return true;
        }

        var descending = text[0] == '-';
        var name = descending ? text[1..] : text;
        if (SearchFields.Find(name) is { IsSortable: true } field)
        {
            order = new SearchOrder(field, descending);
            return true;
        }

        var sortable = string.Join(", ", SearchFields.All.Where(known => known.IsSortable).Select(known => known.Name));
        error = new SearchError(text.Length - name.Length, name.Length, name, $"Sort by one of {sortable}.", SearchFields.Nearest(name));
        return false;
    }

    /// <summary>Compares two places in this order.</summary>
    public int Compare(SearchPlace one, SearchPlace other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        return Compare(KeyOf(one), one.TaskId, KeyOf(other), other.TaskId);
    }

    internal SortKey KeyOf(TaskRecord task, SearchScope scope) => field.SortKey!(task, scope);

    internal static SortKey KeyOf(SearchPlace place) => new(place.IsMissing, place.Number, place.Text);

    internal int Compare(SortKey key, TaskId id, SortKey otherKey, TaskId otherId) => key.CompareTo(otherKey, descending) switch
    {
        0 => string.CompareOrdinal(id.Value, otherId.Value),
        var order => order,
    };
}
