using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Workers;

/// <summary>The name of a reported success, by which a repeated report is recognised: its task and its event id.</summary>
/// <param name="Text">The task and the event id with a space between them. No id contains a space.</param>
public readonly record struct SuccessName(string Text)
{
    /// <summary>Whether a gateway generated the event id, because the reporter gave none.</summary>
    public bool IsGenerated => new EventId(Text[(Text.LastIndexOf(' ') + 1)..]).IsGenerated;

    /// <summary>The name of a success; null without an event id.</summary>
    public static SuccessName? Of(ReportedSuccess success) =>
        success?.EventId is { } eventId ? new($"{success.TaskId} {eventId}") : null;
}
