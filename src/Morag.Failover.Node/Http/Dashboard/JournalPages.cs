using Microsoft.AspNetCore.Mvc;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Journal;
using Morag.Persistence.Redis.Inspection;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The stored events, by owner.</summary>
internal static class JournalPages
{
    private const int OwnersShown = 100;
    private const int LargestShown = 20;
    private const string EventsShown = "50";

    public static void MapJournalPages(this IEndpointRouteBuilder pages)
    {
        var journal = pages.MapGroup("/journal").AddEndpointFilter(JournalEndpoints.AnswerForRedis);
        journal.MapGet("", List);
        journal.MapGet("events", Events);
    }

    private static async Task<IResult> List(
        HttpContext context, DashboardView view, [FromServices] JournalInspector journal, string? after, string? measure)
    {
        var page = await JournalEndpoints.ListIds(journal, OwnersShown, after, context.RequestAborted);
        StoredOwner[] owners = [.. page.Ids.Select(id => new StoredOwner(id.PersistenceId, id.Events, null))];
        if (TableFile.Of(
            context, "journal", owners, ("persistence_id", owner => owner.Id), ("events", owner => owner.Events)) is { } file)
        {
            return file;
        }

        var sizes = measure is null ? null : await journal.MeasureAsync(LargestShown, context.RequestAborted);
        return await view.Page<JournalScreen, JournalModel>(
            context,
            new()
            {
                Owners = owners,
                Next = page.Next,
                Largest = [.. (sizes?.Largest ?? []).Select(id => new StoredOwner(id.PersistenceId, id.Events, id.Bytes))],
                Bytes = sizes?.EventBytes + sizes?.SnapshotBytes,
            },
            live: false);
    }

    private static async Task<IResult> Events(
        HttpContext context, DashboardView view, [FromServices] JournalInspector journal, string? id, string? after)
    {
        var (events, next) = await JournalEndpoints.ReadEvents(context, journal, id, from: null, EventsShown, after);
        return TableFile.Of(
            context,
            "events",
            events,
            ("sequence_nr", stored => stored.SequenceNr),
            ("written_at", stored => stored.WrittenAt),
            ("manifest", stored => stored.Manifest),
            ("size", stored => stored.Size),
            ("event", stored => stored.Event?.Raw))
            ?? await view.Page<OwnerEventsScreen, OwnerEventsModel>(
                context,
                new(
                    id!,
                    [
                        .. events.Select(stored => new ShownEvent(
                            stored.SequenceNr, stored.WrittenAt, stored.Manifest, stored.Size, stored.Event, stored.Unreadable)),
                    ],
                    next),
                live: false);
    }
}
