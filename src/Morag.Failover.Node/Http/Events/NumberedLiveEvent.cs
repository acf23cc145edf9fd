using System.Globalization;
using Morag.Failover.Contracts.Live;

namespace Morag.Failover.Node.Http.Events;

/// <summary>A live event as one node keeps it.</summary>
/// <param name="Number">Its number on this node.</param>
/// <param name="Id">Its id, which is the same on every node.</param>
/// <param name="Event">The event.</param>
internal sealed record NumberedLiveEvent(long Number, string Id, ILiveEvent Event)
{
    /// <summary>When it happened.</summary>
    public DateTimeOffset At => TimeOf(Event);

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

    private static DateTimeOffset TimeOf(ILiveEvent happened) => happened switch
    {
        DecisionMade made => made.Decision.FailureEvent.OccurredAt,
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
