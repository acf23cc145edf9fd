using System.Globalization;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Domain.Audit;

namespace Morag.Failover.Domain.Alerts;

/// <summary>
/// The changes of alerts that receivers have not accepted yet. Part of the owner's state, so they survive a crash, and a change is sent at
/// least once. All receivers share the list; each has the number up to which it is done, and waits only for what is severe enough for it.
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
    public ImmutableSortedDictionary<string, long> Done { get; init; } = ByName<long>();

    /// <summary>The least severity that each receiver waits for; those that wait for every one are left out.</summary>
    public ImmutableSortedDictionary<string, AlertSeverity> Least { get; init; } = ByName<AlertSeverity>();

    /// <summary>How many changes each receiver never got: too many, too old, or rejected for good. Zeros are left out.</summary>
    public ImmutableSortedDictionary<string, long> Dropped { get; init; } = ByName<long>();

    /// <summary>Adds the changes of an event, if there are receivers.</summary>
    public WebhookOutbox After(AlertsChanged changed)
    {
        if (Done.IsEmpty)
        {
            return this;
        }

        var after = this with
        {
            Last = Last + changed.Alerts.Length,
            Notices = Notices.AddRange(
                changed.Alerts.Select((alert, index) => new AlertNotice { Number = Last + 1 + index, Alert = alert })),
        };
        foreach (var receiver in Done.Keys)
        {
            after = after.WithoutExcessOf(receiver);
        }

        return after.Trimmed();
    }

    /// <summary>A receiver is done with the changes up to a number.</summary>
    public WebhookOutbox After(WebhookAdvanced advanced) => Done.TryGetValue(advanced.Receiver, out var done) && done < advanced.UpTo
        ? (this with
        {
            Done = Done.SetItem(advanced.Receiver, advanced.UpTo),
            Dropped = Plus(Dropped, advanced.Receiver, advanced.Dropped),
        }).Trimmed()
        : this;

    /// <summary>Other receivers are configured. New ones get the changes from now on.</summary>
    public WebhookOutbox After(WebhookReceiversChanged changed) => (this with
    {
        Done = changed.Receivers.ToImmutableSortedDictionary(
            name => name, name => PendingOf(name).Any() ? Done[name] : Last, StringComparer.Ordinal),
        Least = changed.Least.WithComparers(StringComparer.Ordinal),
        Dropped = Dropped.RemoveRange(Dropped.Keys.Except(changed.Receivers)),
    }).Trimmed();

    /// <summary>The changes that a receiver waits for, oldest first.</summary>
    public IEnumerable<AlertNotice> PendingOf(string receiver) => Done.TryGetValue(receiver, out var done)
        ? Notices.Where(notice => notice.Number > done && notice.Alert.Severity >= LeastOf(receiver))
        : [];

    /// <summary>How many changes a receiver never got.</summary>
    public long DroppedOf(string receiver) => Dropped.GetValueOrDefault(receiver);

    /// <summary>The least severity that a receiver waits for.</summary>
    public AlertSeverity LeastOf(string receiver) => Least.GetValueOrDefault(receiver, AlertSeverity.Info);

    private static ImmutableSortedDictionary<string, T> ByName<T>() =>
        ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);

    private static ImmutableSortedDictionary<string, long> Plus(ImmutableSortedDictionary<string, long> counts, string name, long more) =>
        more == 0 ? counts : counts.SetItem(name, counts.GetValueOrDefault(name) + more);

    private WebhookOutbox WithoutExcessOf(string receiver)
    {
        var excess = PendingOf(receiver).Count() - MostPending;
        return excess <= 0 ? this : this with
        {
            Done = Done.SetItem(receiver, PendingOf(receiver).ElementAt(excess - 1).Number),
            Dropped = Plus(Dropped, receiver, excess),
        };
    }

    /// <summary>Without what no receiver waits for.</summary>
    private WebhookOutbox Trimmed()
    {
        var waits = Done.Select(receiver => (Done: receiver.Value, Least: LeastOf(receiver.Key))).ToArray();
        return this with
        {
            Notices = Notices.RemoveAll(notice => !Array.Exists(
                waits, receiver => notice.Number > receiver.Done && notice.Alert.Severity >= receiver.Least)),
        };
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

/// <summary>A receiver accepted the changes up to a number, or they were dropped.</summary>
[ProtoContract(Name = "alerts.webhook-advanced")]
public sealed record WebhookAdvanced : IStoredEvent
{
    /// <summary>The receiver.</summary>
    [ProtoMember(1)] public required string Receiver { get; init; }

    /// <summary>The number of the last of these changes.</summary>
    [ProtoMember(2)] public required long UpTo { get; init; }

    /// <summary>How many of them it never got.</summary>
    [ProtoMember(3)] public long Dropped { get; init; }
}

/// <summary>The configuration names other receivers than before, or other severities.</summary>
[ProtoContract(Name = "alerts.webhook-receivers-changed")]
public sealed record WebhookReceiversChanged : IStoredEvent, IAudited
{
    /// <summary>The names of the receivers.</summary>
    [ProtoMember(1)] public ImmutableArray<string> Receivers { get; init; } = [];

    /// <summary>The least severity for each receiver that does not wait for every one.</summary>
    [ProtoMember(2)]
    public ImmutableSortedDictionary<string, AlertSeverity> Least { get; init; } = ImmutableSortedDictionary<string, AlertSeverity>.Empty;

    /// <inheritdoc />
    [ProtoMember(3)] public AuditEntry? Audit { get; init; }
}
