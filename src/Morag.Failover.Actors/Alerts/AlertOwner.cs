using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Domain.Alerts;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Alerts;

/// <summary>
/// Owns the alerts of the cluster: checks the conditions every few seconds, and raises, acknowledges and resolves alerts. There is one, as
/// the only entity of its region, so that nothing is raised twice. <c>Webhooks</c> sends the changes to receivers.
/// </summary>
public sealed partial class AlertOwner : EventSourcedActor<AlertsState>
{
    // A check waits up to 5 s for its answers, and a pause of the process delays it.
    private const int LateChecks = 3;

    private readonly FailoverSettings settings;
    private readonly IFailoverRegions regions;
    private readonly IAlertFactsReader reader;
    private readonly IWebhooks webhooks;
    private AlertSpells spells = AlertSpells.None;
    private AttemptSamples attempts = AttemptSamples.None;
    private ImmutableDictionary<string, AlertFinding> latest = ImmutableDictionary<string, AlertFinding>.Empty;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public AlertOwner(FailoverSettings settings, IFailoverRegions regions, IAlertFactsReader reader, IWebhooks webhooks)
        : base(PersistenceIds.Alerts, AlertsState.Empty, SnapshotPolicy.OfSmall(settings.Storage))
    {
        this.settings = settings;
        this.regions = regions;
        this.reader = reader;
        this.webhooks = webhooks;
    }

    /// <summary>Creates the props of the owner.</summary>
    public static Props Props(FailoverSettings settings, IFailoverRegions regions, IAlertFactsReader reader, IWebhooks? webhooks = null)
    {
        var to = webhooks ?? IWebhooks.None;
        return Akka.Actor.Props.Create(() => new AlertOwner(settings, regions, reader, to));
    }

    /// <inheritdoc />
    protected override bool IsGauged => true;

    /// <inheritdoc />
    protected override AlertsState Apply(AlertsState state, IStoredEvent @event) => state.Apply(@event);

    /// <inheritdoc />
    protected override IEnumerable<IStoredState> ToSnapshot(AlertsState state) => state.ToParts(settings.Storage.SnapshotPartBytes);

    /// <inheritdoc />
    protected override AlertsState FromSnapshot(IReadOnlyList<IStoredState> parts) =>
        AlertsState.FromParts([.. parts.Cast<AlertsSnapshot>()]);

    /// <inheritdoc />
    protected override StoredSize SizeOf(AlertsState state) => new(state.Count, 0);

    /// <inheritdoc />
    protected override bool IsDatedAfter(AlertsState state, DateTimeOffset now) => state.IsDatedAfter(now);

    /// <inheritdoc />
    protected override void Recovered()
    {
        SendAudit(State);
        StartCouriers();
        CheckLater();
    }

    /// <inheritdoc />
    protected override void Handle(object message)
    {
        switch (message)
        {
            case CheckNow:
                SendAudit(Durable);
                reader.ReadAsync().PipeTo(Self, Self, reading => new FactsRead(reading), cause => new FactsNotRead(cause));
                break;
            case FactsRead { Reading: var reading }:
                CheckLater();
                OnFacts(reading);
                break;
            case FactsNotRead { Cause: var cause }:
                Log.Warning("The conditions of alerts could not be read, so no alert changes: {Why}", cause.Message);
                CheckLater();
                break;
            case ListAlerts query:
                Sender.Tell(AlertCommands.List(Durable.Showing(latest), query));
                break;
            case GetAlert query:
                Sender.Tell(AlertCommands.Find(Durable.Showing(latest), query.Id));
                break;
            case GetAlertSettings:
                Sender.Tell(AlertCommands.Report(Durable, settings.Alerts));
                break;
            case AcknowledgeAlert command:
                PersistAndReply(AlertCommands.Decide(State, command, Now));
                break;
            case UnacknowledgeAlert command:
                PersistAndReply(AlertCommands.Decide(State, command, Now));
                break;
            case SetAlertSettings command:
                PersistAndReply(AlertCommands.Decide(State, command, settings.Alerts, Now));
                break;
            case AuditRecorded recorded when State.Audit.Owes(recorded.UpTo):
                Commit(new AlertAuditDelivered { UpTo = recorded.UpTo }, callers: []);
                break;
            case AuditRecorded:
                break;
            default:
                if (!HandleWebhook(message))
                {
                    Unhandled(message);
                }

                break;
        }
    }

    private void OnFacts(AlertReading reading)
    {
        var inForce = State.InForce(settings.Alerts);
        var facts = WithAttempts(reading, inForce);
        var findings = AlertRules.Evaluate(facts, State.Book.Open.ContainsKey, inForce);
        latest = findings.ToImmutableDictionary(finding => finding.Key, StringComparer.Ordinal);
        spells = spells.Seeing(findings, facts.Missing, State.Book, Now);
        while (State.Book.Decide(findings, facts.Missing, spells, inForce, Now) is { } changed)
        {
            Commit(
                changed,
                after =>
                {
                    Publish(changed);
                    FeedAll(after);
                },
                []);
        }
    }

    /// <summary>The facts with the attempts of the last minutes.</summary>
    private AlertFacts WithAttempts(AlertReading reading, AlertSettings inForce)
    {
        var (facts, window) = (reading.Facts, inForce.FailureRateWindow);
        var late = LateChecks * settings.Alerts.CheckInterval;
        var most = window + (window / 2 > late ? window / 2 : late);
        var isKnown = reading is { FailedEver: not null, CompletedEver: not null };
        attempts = isKnown ? attempts.With(reading.FailedEver!.Value, reading.CompletedEver!.Value, window, most, Now) : attempts;
        var (failed, ended) = isKnown ? attempts.Counts() : (0, 0);
        return facts with
        {
            Failed = failed,
            Ended = ended,
            Missing = isKnown && attempts.Cover(window) ? facts.Missing : facts.Missing.Add(AlertSource.Failures),
        };
    }

    private void PersistAndReply(Decision<IWireMessage> decision)
    {
        var caller = Sender;
        if (decision.Event is { } @event)
        {
            Commit(
                @event,
                after =>
                {
                    caller.Tell(decision.Reply);
                    SendAudit(after);
                    Publish(@event);
                    FeedAll(after);
                },
                [caller]);
        }
        else
        {
            AfterWrites(() => caller.Tell(decision.Reply), caller);
        }
    }

    /// <summary>Tells the log and the live events what is stored.</summary>
    private void Publish(IStoredEvent @event)
    {
        foreach (var alert in @event is AlertsChanged changed ? changed.Alerts : [])
        {
            Log.Info(
                "Alert {Alert} is {State}: {Key}, {Severity}. {Message}",
                alert.Id,
                WireName.Of(alert.State),
                alert.Key,
                WireName.Of(alert.Severity),
                alert.Message);
            Context.System.EventStream.Publish(new AlertChanged { Alert = alert });
        }
    }

    /// <summary>Hands over what operators did, until a coordinator confirms it.</summary>
    private void SendAudit(AlertsState durable)
    {
        if (durable.Audit.Message(PersistenceId, settings.Partitions.Coordinators) is { } message)
        {
            regions.Coordinators.Tell(message, Self);
        }
    }

    private void CheckLater() => Timers.StartSingleTimer(nameof(CheckNow), CheckNow.Instance, settings.Alerts.CheckInterval);

    private sealed record FactsRead(AlertReading Reading) : INoSerializationVerificationNeeded;

    private sealed record FactsNotRead(Exception Cause) : INoSerializationVerificationNeeded;

    private sealed class CheckNow : INoSerializationVerificationNeeded
    {
        public static readonly CheckNow Instance = new();
    }
}
