using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Stores;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Inspection;

namespace Morag.Failover.Node.Http.Journal;

/// <summary>Read-only access to the stored events. Reads Redis directly and asks no actor.</summary>
internal static class JournalEndpoints
{
    /// <summary>The maximum number of persistence ids in a response about sizes.</summary>
    public const int MostLargest = 1_000;
    private const int DefaultLargest = 20;

    public static void MapJournal(this IEndpointRouteBuilder api)
    {
        var journal = api.MapGroup("/journal").WithTags("Journal").AddEndpointFilter(AnswerForRedis);
        journal.MapGet("ids", Ids).Describes<InspectedId[]>(
            "The stored persistence ids, unordered, paged; a page can be longer than its limit");
        journal.MapGet("events", Events).Refuses(StatusCodes.Status404NotFound)
            .Describes<JournalEvent[]>("The stored events of one persistence id, oldest first, paged");
        journal.MapGet("sizes", Sizes).Describes<JournalSizes>("The total size of all entries, and the largest persistence ids");
        journal.MapGet("verify", Verify).Refuses(StatusCodes.Status404NotFound).Describes<JournalDefect[]>(
            "Defects in the entries of one persistence id or of all, paged by id: a page without defects can have a next page");
    }

    private static async Task<IResult> Ids(HttpContext context, [FromServices] JournalInspector journal, string? limit, string? after)
    {
        var page = await ListIds(journal, Rules.Limit(limit), after, context.RequestAborted);
        return Answer.Page(context, page.Ids, page.Next);
    }

    private static async Task<IResult> Events(
        HttpContext context, [FromServices] JournalInspector journal, string? id, string? from, string? limit, string? after)
    {
        var (events, next) = await ReadEvents(context, journal, id, from, limit, after);
        return Answer.Page(context, events, next);
    }

    /// <summary>One page of the events of a persistence id, and where the next one begins.</summary>
    /// <exception cref="ProblemException">Nothing was ever written under the id.</exception>
    internal static async Task<(JournalEvent[] Events, string? Next)> ReadEvents(
        HttpContext context, JournalInspector journal, string? id, string? from, string? limit, string? after)
    {
        var persistenceId = Rules.Required(id, "id");
        var first = after is null ? Number(from, "from") : Number(after, "after") + 1;
        var page = await journal.ReadEventsAsync(persistenceId, first, Rules.Limit(limit), context.RequestAborted)
            ?? throw new ProblemException(NeverWritten(persistenceId));
        JournalEvent[] events = [.. page.Events.Select(JournalEvent.Of)];
        var fitting = Pages.Fitting(events, events.Length);
        var next = fitting < events.Length ? events[fitting].SequenceNr : page.Next;
        return (events[..fitting], next is { } at ? (at - 1).ToString(CultureInfo.InvariantCulture) : null);
    }

    private static async Task<IResult> Sizes(HttpContext context, [FromServices] JournalInspector journal, string? top)
    {
        var largest = string.IsNullOrEmpty(top)
            ? DefaultLargest
            : Rules.InRange((int)Math.Min(Number(top, "top"), int.MaxValue), 1, MostLargest, "top");
        return Answer.Ok(await journal.MeasureAsync(largest, context.RequestAborted));
    }

    private static async Task<IResult> Verify(
        HttpContext context, [FromServices] JournalInspector journal, string? id, string? limit, string? after)
    {
        if (!string.IsNullOrEmpty(id))
        {
            return await journal.VerifyAsync(id, context.RequestAborted) is { } found ? Answer.Ok(Fitting(found)) : NeverWritten(id);
        }

        var page = await ListIds(journal, Rules.Limit(limit), after, context.RequestAborted);
        var defects = new List<JournalDefect>();
        foreach (var one in page.Ids)
        {
            defects.AddRange(await journal.VerifyAsync(one.PersistenceId, context.RequestAborted) ?? []);
        }

        return Answer.Page(context, Fitting(defects), page.Next);
    }

    /// <summary>As many defects as one response can hold. If some are left out, the last one says how many.</summary>
    internal static IReadOnlyList<JournalDefect> Fitting(IReadOnlyList<JournalDefect> found)
    {
        var fitting = Pages.Fitting(found, found.Count);
        if (fitting == found.Count)
        {
            return found;
        }

        // One less, to make room for the added text.
        var kept = Math.Max(1, fitting - 1);
        var last = found[kept - 1];
        return
        [
            .. found.Take(kept - 1),
            last with { Detail = $"{last.Detail}; and {Counted.Of(found.Count - kept, "more defect")} that this response has no room for" },
        ];
    }

    /// <summary>One page of the stored persistence ids.</summary>
    /// <exception cref="ProblemException">The position is not one of this list.</exception>
    internal static async Task<InspectedIdPage> ListIds(JournalInspector journal, int limit, string? after, CancellationToken cancellation)
    {
        try
        {
            return await journal.ListIdsAsync(string.IsNullOrEmpty(after) ? null : after, limit, cancellation);
        }
        catch (FormatException)
        {
            throw ProblemException.Invalid("after", "must be taken from the Link header of the previous page");
        }
    }

    private static long Number(string? text, string field) => string.IsNullOrEmpty(text)
        ? 1
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ProblemException.Invalid(field, "must be a whole number");

    private static Problem NeverWritten(string id) => Problem.Unknown($"There are no events of the persistence id \"{id}\".");

    /// <summary>Turns failures of Redis into problems.</summary>
    internal static async ValueTask<object?> AnswerForRedis(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        try
        {
            return await next(call);
        }
        catch (ArgumentException refused) when (refused.ParamName == "persistenceId")
        {
            return Problem.Invalid("id", refused.Message);
        }
        catch (Exception failure) when (StoreFailure.Is(failure))
        {
            return Problem.Unavailable($"Redis cannot be read: {RedisErrorText.Describe(failure)}");
        }
    }
}
