using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Alerts;

/// <summary>The state of the owner of alerts.</summary>
public sealed record AlertsState
{
    /// <summary>Without alerts.</summary>
    public static readonly AlertsState Empty = new();

    /// <summary>The most audit entries that wait for a coordinator.</summary>
    private const int MostAudit = 1_000;

    /// <summary>The alerts.</summary>
    public AlertBook Book { get; init; } = AlertBook.Empty;

    /// <summary>What operators have changed against the configuration.</summary>
    public AlertOverrides Overrides { get; init; } = AlertOverrides.None;

    /// <summary>What operators did, until a coordinator has recorded it.</summary>
    public AuditOutbox Audit { get; init; } = AuditOutbox.Empty;

    /// <summary>The changes that receivers have not accepted yet.</summary>
    public WebhookOutbox Outbox { get; init; } = WebhookOutbox.Empty;

    /// <summary>The number of records.</summary>
    public int Count => Book.Open.Count + Book.Resolved.Count + Audit.Owed.Length + Outbox.Notices.Count;

    /// <summary>The settings in force.</summary>
    public AlertSettings InForce(AlertSettings configured) => configured.With(Overrides.Thresholds) with
    {
        Off = [.. configured.Off.Union(Overrides.Off).Except(Overrides.On).Order()],
    };

    /// <summary>
    /// The state with the present values and messages of open alerts. Only a change of state or severity is stored, so that a value that
    /// moves does not fill the journal.
    /// </summary>
    /// <param name="findings">The conditions that held at the last check, by key.</param>
    public AlertsState Showing(ImmutableDictionary<string, AlertFinding> findings) => this with
    {
        Book = Book with
        {
            Open = Book.Open.ToImmutableSortedDictionary(
                pair => pair.Key,
                pair => findings.TryGetValue(pair.Key, out var now)
                    ? pair.Value with { Message = now.Message, Value = now.Value, Threshold = now.Threshold }
                    : pair.Value,
                StringComparer.Ordinal),
        },
    };

    /// <summary>Applies an event.</summary>
    public AlertsState Apply(IStoredEvent @event)
    {
        var after = @event switch
        {
            AlertsChanged changed => this with { Book = Book.Apply(changed), Outbox = Outbox.After(changed) },
            WebhookAdvanced advanced => this with { Outbox = Outbox.After(advanced) },
            WebhookReceiversChanged changed => this with { Outbox = Outbox.After(changed) },
            AlertSettingsChanged changed => this with { Overrides = changed.Overrides },
            AlertAuditDelivered delivered => this with { Audit = Audit.Without(delivered.UpTo) },
            ClockSetBack setBack => Corrected(setBack.At),
            _ => throw new InvalidOperationException($"{@event.GetType()} is not an event of the alerts"),
        };
        return after with { Audit = after.Audit.After(@event, MostAudit) };
    }

    /// <summary>Whether a time in the state is later than now.</summary>
    public bool IsDatedAfter(DateTimeOffset now) =>
        Book.Open.Values.Concat(Book.Resolved).Any(alert => alert.ChangedAt > now) || Overrides.Changed?.At > now;

    /// <summary>The state in snapshot parts of at most <paramref name="maxBytes"/> estimated bytes.</summary>
    public IEnumerable<AlertsSnapshot> ToParts(int maxBytes) => Book.Open.Values.Concat(Book.Resolved).Concat<object>(Audit.Owed)
        .Concat(Outbox.Notices)
        .InBatches(WireSize.OfObject, maxBytes)
        .Select(run => new AlertsSnapshot
        {
            Raised = Book.Raised,
            Alerts = [.. run.OfType<Alert>()],
            Overrides = Overrides,
            LastAudit = Audit.Last,
            OwedAudit = [.. run.OfType<OwedAudit>()],
            LastNotice = Outbox.Last,
            Notices = [.. run.OfType<AlertNotice>()],
            WebhooksDone = Outbox.Done,
            WebhooksLeast = Outbox.Least,
            WebhooksDropped = Outbox.Dropped,
        });

    /// <summary>Restores the state from its parts.</summary>
    public static AlertsState FromParts(IReadOnlyList<AlertsSnapshot> parts)
    {
        var alerts = parts.SelectMany(part => part.Alerts).ToLookup(alert => alert.State == AlertState.Resolved);
        return new AlertsState
        {
            Book = new AlertBook
            {
                Raised = parts[0].Raised,
                Open = alerts[false].ToImmutableSortedDictionary(alert => alert.Key, alert => alert, StringComparer.Ordinal),
                Resolved = [.. alerts[true]],
            },
            Overrides = parts[0].Overrides,
            Audit = new AuditOutbox { Last = parts[0].LastAudit, Owed = [.. parts.SelectMany(part => part.OwedAudit)] },
            Outbox = new WebhookOutbox
            {
                Last = parts[0].LastNotice ?? 0,
                Notices = [.. parts.SelectMany(part => part.Notices)],
                Done = parts[0].WebhooksDone.WithComparers(StringComparer.Ordinal),
                Least = parts[0].WebhooksLeast.WithComparers(StringComparer.Ordinal),
                Dropped = parts[0].WebhooksDropped.WithComparers(StringComparer.Ordinal),
            },
        };
    }

    private AlertsState Corrected(DateTimeOffset now) => this with
    {
        Book = Book with
        {
            Open = Book.Open.ToImmutableSortedDictionary(pair => pair.Key, pair => Corrected(pair.Value, now), StringComparer.Ordinal),
            Resolved = [.. Book.Resolved.Select(alert => Corrected(alert, now))],
        },
        Overrides = Overrides.Changed is { } changed && changed.At > now
            ? Overrides with { Changed = changed with { At = now } }
            : Overrides,
    };

    private static Alert Corrected(Alert alert, DateTimeOffset now) => alert.ChangedAt <= now ? alert : alert with
    {
        RaisedAt = Earlier(alert.RaisedAt, now),
        AcknowledgedAt = alert.AcknowledgedAt is { } acknowledged ? Earlier(acknowledged, now) : null,
        ResolvedAt = alert.ResolvedAt is { } resolved ? Earlier(resolved, now) : null,
        ChangedAt = now,
    };

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
