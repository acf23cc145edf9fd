using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Stores;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Inspection;

namespace Morag.Failover.Node.Http.Journal;

/// <summary>What is stored, as it is stored. Reads from Redis, asks no actor, and changes nothing.</summary>
internal static class JournalEndpoints
{
    /// <summary>The most persistence ids that one answer about sizes names.</summary>
    public const int MostLargest = 1_000;
    private const int DefaultLargest = 20;

    public static void MapJournal(this IEndpointRouteBuilder api)
    {
        var journal = api.MapGroup("/journal").WithTags("Journal").AddEndpointFilter(AnswerForRedis);
        journal.MapGet("ids", Ids).Describes<InspectedId[]>(
            "The persistence ids that have written, in no order, paged; a page may be longer than its limit");
        journal.MapGet("events", Events).Describes<JournalEvent[]>("The stored events of one persistence id, oldest first, paged");
        journal.MapGet("sizes", Sizes).Describes<JournalSizes>("What all entries take up, and which persistence ids take up most");
        journal.MapGet("verify", Verify).Describes<JournalDefect[]>(
            "What is wrong with the entries of one persistence id, or of all, paged by ids: a page without defects may have a next one");
    }

    private static async Task<IResult> Ids(HttpContext context, [FromServices] JournalInspector journal, string? limit, string? after)
    {
        var page = await ListIds(journal, Rules.Limit(limit), after, context.RequestAborted);
        return Answer.Page(context, page.Ids, page.Next);
    }

    private static async Task<IResult> Events(
        HttpContext context, [FromServices] JournalInspector journal, string? id, string? from, string? limit, string? after)
    {
        var persistenceId = Rules.Required(id, "id");
        var first = after is null ? Number(from, "from") : Number(after, "after") + 1;
        var page = await journal.ReadEventsAsync(persistenceId, first, Rules.Limit(limit), context.RequestAborted);
        if (page is null)
        {
            return NeverWritten(persistenceId);
        }

        JournalEvent[] events = [.. page.Events.Select(JournalEvent.Of)];
        var fitting = Pages.Fitting(events, events.Length);
        var next = fitting < events.Length ? events[fitting].SequenceNr : page.Next;
        return Answer.Page(context, events[..fitting], next is { } at ? (at - 1).ToString(CultureInfo.InvariantCulture) : null);
    }

    private static async Task<IResult> Sizes(HttpContext context, [FromServices] JournalInspector journal, string? top)
    {
        var largest = string.IsNullOrEmpty(top) ? DefaultLargest : Rules.InRange((int)Math.Min(Number(top, "top"), int.MaxValue), 1, MostLargest, "top");
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

    /// <summary>As many defects as one answer may hold; the last of them then says how many there are besides.</summary>
    internal static IReadOnlyList<JournalDefect> Fitting(IReadOnlyList<JournalDefect> found)
    {
        var fitting = Pages.Fitting(found, found.Count);
        if (fitting == found.Count)
        {
            return found;
        }

        // One less, for the words.
        var kept = Math.Max(1, fitting - 1);
        var last = found[kept - 1];
        return
        [
            .. found.Take(kept - 1),
            last with { Detail = string.Create(CultureInfo.InvariantCulture, $"{last.Detail}; and {found.Count - kept:N0} more defects, for which this answer has no room") },
        ];
    }

    private static async Task<InspectedIdPage> ListIds(JournalInspector journal, int limit, string? after, CancellationToken cancellation)
    {
        try
        {
            return await journal.ListIdsAsync(string.IsNullOrEmpty(after) ? null : after, limit, cancellation);
        }
        catch (FormatException)
        {
            throw ProblemException.Invalid("after", "must be taken from the Link header of the page before");
        }
    }

    private static long Number(string? text, string field) => string.IsNullOrEmpty(text)
        ? 1
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ProblemException.Invalid(field, "must be a whole number");

    private static Problem NeverWritten(string id) => Problem.Unknown($"no persistent actor \"{id}\" has ever written");

    private static async ValueTask<object?> AnswerForRedis(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
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
            return Problem.Unavailable($"Redis does not reply: {RedisErrorText.Describe(failure)}");
        }
    }
}
