using System.Globalization;
using Morag.Failover.Contracts.Live;

namespace Morag.Failover.Node.Http.Events;

/// <summary>A live event as one node keeps it.</summary>
/// <param name="Number">Its number on this node.</param>
/// <param name="Id">Its id, which is the same on every node.</param>
/// <param name="Event">The event.</param>
/// <param name="ArrivedAt">When it arrived at this node.</param>
internal sealed record NumberedLiveEvent(long Number, string Id, ILiveEvent Event, DateTimeOffset ArrivedAt)
{
    /// <summary>The id of the failure that readers get before its decision; null if it is not a decision.</summary>
    public string? FailureId => Event is DecisionMade made
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"{TimeOf(made).UtcTicks}-{LiveEventNames.Failure}-{made.Decision.FailureEvent.EventId.Value}")
        : null;

    /// <summary>The id of an event: its time, and what it is about.</summary>
    public static string IdOf(ILiveEvent happened) =>
        string.Create(CultureInfo.InvariantCulture, $"{TimeOf(happened).UtcTicks}-{KeyOf(happened)}");

    /// <summary>The time in an id; null if it is none.</summary>
    public static DateTimeOffset? TimeIn(string id) =>
        id.IndexOf('-', StringComparison.Ordinal) is var end and > 0
        && long.TryParse(id.AsSpan(0, end), NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
        && ticks <= DateTimeOffset.MaxValue.UtcTicks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;

    // When it was published, which can be long after the failure.
    private static DateTimeOffset TimeOf(ILiveEvent happened) => happened switch
    {
        DecisionMade made => made.Decision.DecisionMetadata.DecidedAt,
        DecisionResolved resolved => resolved.At,
        BreakerChanged changed => changed.At,
        WorkerChanged changed => changed.At,
        AlertChanged changed => changed.Alert.ChangedAt,
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened.GetType(), "There is no such live event."),
    };

    private static string KeyOf(ILiveEvent happened) => happened switch
    {
        DecisionMade made => $"decision-{made.Decision.FailureEvent.EventId.Value}",
        DecisionResolved resolved => $"resolved-{resolved.FailureId.Value}",
        BreakerChanged changed => $"breaker-{changed.WorkerId.Value}",
        WorkerChanged changed => $"{changed.What}-{changed.WorkerId.Value}",
        AlertChanged changed => $"alert-{changed.Alert.Id}",
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened.GetType(), "There is no such live event."),
    };
}
