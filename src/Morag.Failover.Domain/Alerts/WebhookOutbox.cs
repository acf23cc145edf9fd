using System.Globalization;
using Morag.Failover.Contracts.Alerts;

namespace Morag.Failover.Domain.Alerts;

/// <summary>
/// The changes of alerts that receivers have not accepted yet. Part of the owner's state, so they survive a crash, and a change is sent at
/// least once. All receivers share the list; each has the number up to which it is done.
/// </summary>
public sealed record WebhookOutbox
{
    /// <summary>No receivers and nothing to send.</summary>
    public static readonly WebhookOutbox Empty = new();

    /// <summary>The most changes that wait for one receiver. Beyond it the oldest are dropped, so that memory stays bounded.</summary>
    public const int MostPending = 1_000;

    /// <summary>The number of the last change.</summary>
    public long Last { get; init; }

    /// <summary>The changes that some receiver still waits for, oldest first.</summary>
    public ImmutableList<AlertNotice> Notices { get; init; } = [];

    /// <summary>The number of the last change that each receiver is done with.</summary>
    public ImmutableSortedDictionary<string, long> Done { get; init; } =
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);

    /// <summary>Adds the changes of an event, if there are receivers.</summary>
    public WebhookOutbox After(AlertsChanged changed)
    {
        if (Done.IsEmpty)
        {
            return this;
        }

        var notices = Notices.AddRange(
            changed.Alerts.Select((alert, index) => new AlertNotice { Number = Last + 1 + index, Alert = alert }));
        return (this with
        {
            Last = Last + changed.Alerts.Length,
            Notices = notices.RemoveRange(0, Math.Max(0, notices.Count - MostPending)),
        }).Trimmed();
    }

    /// <summary>A receiver is done with the changes up to a number.</summary>
    public WebhookOutbox After(WebhookAdvanced advanced) => Done.TryGetValue(advanced.Receiver, out var done) && done < advanced.UpTo
        ? (this with { Done = Done.SetItem(advanced.Receiver, advanced.UpTo) }).Trimmed()
        : this;

    /// <summary>Other receivers are configured. New ones get the changes from now on.</summary>
    public WebhookOutbox After(WebhookReceiversChanged changed) => (this with
    {
        Done = changed.Receivers.ToImmutableSortedDictionary(
            name => name, name => Done.GetValueOrDefault(name, Last), StringComparer.Ordinal),
    }).Trimmed();

    /// <summary>The changes that a receiver waits for, oldest first.</summary>
    public IEnumerable<AlertNotice> PendingOf(string receiver) => Done.TryGetValue(receiver, out var done)
        ? Notices.SkipWhile(notice => notice.Number <= done)
        : [];

    /// <summary>How many changes a receiver never got, because too many were pending.</summary>
    public long DroppedOf(string receiver) => Done.TryGetValue(receiver, out var done) && Notices is [var first, ..] && first.Number > done
        ? first.Number - done - 1
        : 0;

    private WebhookOutbox Trimmed()
    {
        var done = Done.IsEmpty ? Last : Done.Values.Min();
        return this with { Notices = Notices.RemoveAll(notice => notice.Number <= done) };
    }
}

/// <summary>A change of an alert, to be sent to receivers.</summary>
[ProtoContract]
public sealed record AlertNotice
{
    /// <summary>Its number. Receivers get the changes in this order.</summary>
    [ProtoMember(1)] public required long Number { get; init; }

    /// <summary>The alert after the change.</summary>
    [ProtoMember(2)] public required Alert Alert { get; init; }

    /// <summary>
    /// Identifies the change, so that a receiver can ignore a repetition: the number of the alert, that of its change, and when the alert
    /// was raised, because numbers start over when the store is erased.
    /// </summary>
    public string Id => string.Create(
        CultureInfo.InvariantCulture, $"{Alert.Id}.{Alert.Revision}.{Alert.RaisedAt.ToUnixTimeMilliseconds()}");

    /// <summary>What happened, as one word.</summary>
    public string What => Alert switch
    {
        { State: AlertState.Resolved } => "resolved",
        { Revision: 1 } => "raised",
        { State: AlertState.Acknowledged } when Alert.AcknowledgedAt == Alert.ChangedAt => "acknowledged",
        _ => "changed",
    };
}

/// <summary>A receiver accepted the changes up to a number, or they are not for it, or they were dropped.</summary>
[ProtoContract(Name = "alerts.webhook-advanced")]
public sealed record WebhookAdvanced : IStoredEvent
{
    /// <summary>The receiver.</summary>
    [ProtoMember(1)] public required string Receiver { get; init; }

    /// <summary>The number of the last of these changes.</summary>
    [ProtoMember(2)] public required long UpTo { get; init; }
}

/// <summary>The configuration names other receivers than before.</summary>
[ProtoContract(Name = "alerts.webhook-receivers-changed")]
public sealed record WebhookReceiversChanged : IStoredEvent
{
    /// <summary>The names of the receivers.</summary>
    [ProtoMember(1)] public ImmutableArray<string> Receivers { get; init; } = [];
}
