using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Search;

/// <summary>Searches the tasks of a partition.</summary>
public static class TaskSearches
{
    /// <summary>Why a search is rejected; null if it is accepted.</summary>
    /// <param name="query">The search.</param>
    /// <param name="search">Its filter.</param>
    /// <param name="order">Its order.</param>
    public static Refused? Read(SearchTasks query, out TaskSearch search, out SearchOrder order)
    {
        (search, order) = (TaskSearch.Everything, SearchOrder.ById);
        if (!TaskSearch.TryParse(query.Filter, out var parsed, out var error))
        {
            return Refused.Invalid("filter", $"filter {error}");
        }

        if (!SearchOrder.TryParse(query.Sort, out var sorted, out error))
        {
            return Refused.Invalid("sort", $"sort {error}");
        }

        (search, order) = (parsed, sorted);
        if (query.Parts.Length > SearchTasks.MaxParts || query.Parts.Sum(part => part.Length) > SearchTasks.MaxPartsLength)
        {
            return Refused.Invalid(
                "parts", $"parts may be at most {SearchTasks.MaxParts}, with {SearchTasks.MaxPartsLength:N0} characters together");
        }

        foreach (var part in query.Parts)
        {
            if (!TaskSearch.TryParse(part, out _, out error))
            {
                return Refused.Invalid("parts", $"part {error}");
            }
        }

        return query.Limit is >= 0 and <= CallLimits.MaxPage
            ? null
            : Refused.Invalid("limit", $"limit must be 0 to {CallLimits.MaxPage}");
    }

    /// <summary>
    /// The page of the matching tasks after a place. It reads every task unless the order is by id, so do not run it on an actor's thread.
    /// </summary>
    /// <param name="state">The queues.</param>
    /// <param name="query">The search, already checked by <see cref="Read"/>.</param>
    /// <param name="search">Its filter.</param>
    /// <param name="order">Its order.</param>
    /// <param name="scope">The settings and the time.</param>
    /// <param name="unmetNeed">What a task needs that no available worker offers; null while the fleet is unknown.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="OperationCanceledException">The search was cancelled.</exception>
    public static TaskMatches Find(
        QueueState state,
        SearchTasks query,
        TaskSearch search,
        SearchOrder order,
        SearchScope scope,
        Func<TaskRecord, string?> unmetNeed,
        CancellationToken cancellation = default)
    {
        var page = new PageOfTasks(order, query.After, query.Limit);
        var count = 0;
        var parts = query.Count ? query.Parts.Select(Part).ToArray() : [];
        var partCounts = new int[parts.Length];
        var tasks = order.IsById && query is { Count: false, After: { } after } ? state.Tasks.After(after.TaskId) : state.Tasks.Values;
        foreach (var task in tasks)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!TaskQueries.Matches(task, query.Known) || !search.Matches(task, scope))
            {
                continue;
            }

            count++;
            for (var part = 0; part < parts.Length; part++)
            {
                partCounts[part] += parts[part].Matches(task, scope) ? 1 : 0;
            }

            page.Add(task, order.KeyOf(task, scope));
            if (page.IsOver && order.IsById && !query.Count)
            {
                break;
            }
        }

        var found = page.Sorted();
        var (entries, hasMore) = found
            .Select(match => (match.Key, Entry: EntryOf(match.Task, scope, unmetNeed)))
            .FirstPage(query.Limit, match => WireSize.Of(match.Entry), MessageLimits.MaxGatheredBytes);
        return new TaskMatches
        {
            Tasks = [.. entries.Select(match => match.Entry)],
            Places = [.. entries.Select(match => PlaceOf(match.Key, match.Entry.TaskId))],
            HasMore = hasMore,
            Count = query.Count ? count : null,
            PartCounts = [.. partCounts],
        };

        static TaskSearch Part(string filter) => TaskSearch.TryParse(filter, out var part, out var error)
            ? part
            : throw new ArgumentException($"The part {filter} was not checked: {error}", nameof(query));
    }

    /// <summary>The ids of the matching tasks after an id, sorted. Do not run it on an actor's thread.</summary>
    public static List<TaskId> Ids(QueueState state, TaskSearch search, SearchScope scope, TaskId? after, Func<TaskRecord, bool> condition)
    {
        var ids = new List<TaskId>();
        foreach (var task in after is { } place ? state.Tasks.After(place) : state.Tasks.Values)
        {
            if (condition(task) && search.Matches(task, scope))
            {
                ids.Add(task.TaskId);
            }
        }

        return ids;
    }

    private static QueueEntry EntryOf(TaskRecord task, SearchScope scope, Func<TaskRecord, string?> unmetNeed) =>
        TaskQueries.Entry(task, scope.Settings.Policy) with { UnmetNeed = unmetNeed(task) };

    private static SearchPlace PlaceOf(SortKey key, TaskId task) =>
        new() { TaskId = task, IsMissing = key.IsMissing, Number = key.Number, Text = key.Text };

    /// <summary>The first tasks after a place, one more than the limit, so that it is known whether more follow.</summary>
    private sealed class PageOfTasks(SearchOrder order, SearchPlace? after, int limit)
    {
        /// <summary>The last task of the page comes out first.</summary>
        private readonly PriorityQueue<(TaskRecord Task, SortKey Key), (SortKey Key, TaskId Id)> tasks = new(
            Comparer<(SortKey Key, TaskId Id)>.Create((one, other) => order.Compare(other.Key, other.Id, one.Key, one.Id)));

        public bool IsOver => tasks.Count > limit;

        public void Add(TaskRecord task, SortKey key)
        {
            if (limit == 0 || (after is not null && order.Compare(key, task.TaskId, SearchOrder.KeyOf(after), after.TaskId) <= 0))
            {
                return;
            }

            if (IsOver)
            {
                tasks.EnqueueDequeue((task, key), (key, task.TaskId));
            }
            else
            {
                tasks.Enqueue((task, key), (key, task.TaskId));
            }
        }

        public List<(TaskRecord Task, SortKey Key)> Sorted()
        {
            var sorted = new List<(TaskRecord Task, SortKey Key)>(tasks.Count);
            while (tasks.TryDequeue(out var task, out _))
            {
                sorted.Add(task);
            }

            sorted.Reverse();
            return sorted;
        }
    }
}
