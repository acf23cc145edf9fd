using System.Collections.Immutable;
using System.Globalization;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Search;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Tasks;

/// <summary>Searching tasks with the filter language, and what an editor of filters needs.</summary>
internal static class SearchEndpoints
{
    public static void MapSearch(this IEndpointRouteBuilder api)
    {
        var search = api.MapGroup("/search").WithTags("Search");
        search.MapGet("count", Count).CanBeIncomplete().Refuses(StatusCodes.Status429TooManyRequests)
            .Describes<TaskCount>("Count the tasks that match a filter");
        search.MapGet("complete", Complete).Describes<SearchSuggestion[]>(
            "Complete a filter: the texts that can replace the part before the cursor, best first");
        search.MapGet("fields", Fields).Describes<SearchFieldInfo[]>("List the fields of the filter language");
    }

    /// <summary>One page of the tasks that match a search, over all partitions.</summary>
    public static async Task<IResult> ListPage(
        HttpContext context, FailoverGateway gateway, SearchTasks wanted, string? limit, string? after)
    {
        var (tasks, next) = await ReadPage(context, gateway, wanted, limit, after);
        return Answer.Page(context, tasks, next);
    }

    /// <summary>One page of the tasks that match a search, over all partitions, and where the next one begins.</summary>
    public static async Task<(List<QueueEntry> Tasks, string? Next)> ReadPage(
        HttpContext context, FailoverGateway gateway, SearchTasks wanted, string? limit, string? after)
    {
        var order = Check(wanted);
        var place = wanted.Sort.Length > 0
            ? SearchCursor.Parse(after)
            : Rules.OptionalId<TaskId>(after, "after") is { } id ? SearchPlace.OfId(id) : null;
        var (found, hasMore) = await Pages.First<FoundTask>(
            Rules.Limit(limit),
            gateway.Settings.Partitions.Queues,
            (one, other) => order.Compare(one.Place, other.Place),
            async perPartition =>
            {
                var pages = await gateway.AskEveryQueue<TaskMatches>(
                    context, partition => wanted with { Partition = partition, After = place, Limit = perPartition });
                return [.. pages.Select(page => (FoundTask.On(page), page.HasMore))];
            });
        var next = !hasMore ? null : wanted.Sort.Length > 0 ? SearchCursor.TextOf(found[^1].Place) : found[^1].Task.TaskId.Value;
        return (found.ConvertAll(match => match.Task), next);
    }

    /// <summary>Checks a filter and an order before any owner is asked.</summary>
    /// <exception cref="ProblemException">One of them is invalid.</exception>
    public static SearchOrder Check(SearchTasks wanted) => TaskSearches.Read(wanted, out _, out var order) is { } refused
        ? throw new ProblemException(Problem.Of(refused))
        : order;

    /// <summary>The number of tasks that match, over all partitions.</summary>
    public static async Task<int> CountOf(HttpContext context, FailoverGateway gateway, SearchTasks wanted) =>
        (await CountsOf(context, gateway, wanted)).All;

    /// <summary>The number of tasks that match, and that match each of its parts besides, over all partitions.</summary>
    public static async Task<(int All, ImmutableArray<int> Parts)> CountsOf(
        HttpContext context, FailoverGateway gateway, SearchTasks wanted)
    {
        _ = Check(wanted);
        var answers = await gateway.AskEveryQueue<TaskMatches>(
            context, partition => wanted with { Partition = partition, Limit = 0, Count = true });
        return answers.Exists(answer => answer.PartCounts.Length != wanted.Parts.Length)
            ? throw new ProblemException(Problem.Unavailable("a node of an older version cannot count parts. Retry when all are updated"))
            : (
                answers.Sum(answer => answer.Count ?? 0),
                [.. Enumerable.Range(0, wanted.Parts.Length).Select(part => answers.Sum(answer => answer.PartCounts[part]))]);
    }

    private static async Task<IResult> Count(HttpContext context, FailoverGateway gateway, SteadyClock clock, string? filter) =>
        Answer.Ok(new TaskCount
        {
            Count = await CountOf(context, gateway, new SearchTasks { Partition = 0, Filter = filter ?? "", At = clock.GetUtcNow() }),
        });

    /// <summary>The texts that can replace the part of a filter before the cursor.</summary>
    internal static IResult Complete(FailoverGateway gateway, string? filter, string? cursor)
    {
        var text = filter ?? "";
        var at = string.IsNullOrEmpty(cursor) ? text.Length
            : int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw ProblemException.Invalid("cursor", "must be a position in the filter, from 0");
        return Answer.Ok(SearchCompletion.Complete(text, at, gateway.Settings.Queues.Definitions.Select(queue => queue.Name.Value)));
    }

    private static IResult Fields() => Answer.Ok(SearchFields.All.Select(field => new SearchFieldInfo
    {
        Name = field.Name,
        Kind = WireName.Of(field.Kind),
        Summary = field.Summary,
        Example = field.Example,
        Values = [.. field.Values],
        Sortable = field.IsSortable,
    }).ToArray());

    private sealed record FoundTask(QueueEntry Task, SearchPlace Place)
    {
        public static ImmutableArray<FoundTask> On(TaskMatches page) =>
            [.. page.Tasks.Zip(page.Places, (task, place) => new FoundTask(task, place))];
    }
}

/// <summary>A field of the filter language.</summary>
internal sealed record SearchFieldInfo
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What kind of values it has: text, word, number, duration, time, flag or json.</summary>
    public required string Kind { get; init; }

    /// <summary>What it holds.</summary>
    public required string Summary { get; init; }

    /// <summary>A term with it.</summary>
    public required string Example { get; init; }

    /// <summary>The values that it can have, if they are few; otherwise empty.</summary>
    public required string[] Values { get; init; }

    /// <summary>Whether tasks can be sorted by it.</summary>
    public required bool Sortable { get; init; }
}
