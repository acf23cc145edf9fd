using Morag.Failover.Actors.Persistence;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Alerts;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Fleet;

/// <summary>
/// Owns one bucket of the fleet view: which workers exist, are live, and what they can take. The workers' entities send their entries. The
/// bucket starts entities that stopped with a node, so that they notice lost workers.
/// </summary>
public sealed class WorkerDirectory : EventSourcedActor<DirectoryState>
{
    private readonly int bucket;
    private readonly IFailoverRegions regions;
    private readonly SeenWorkers seen = new();
    private readonly SliceWaiters waiters = new();
    private readonly WakeRounds wakes;
    private readonly PresentQueues queues;
    private readonly ForgetRounds forgets;
    private readonly Admissions admissions;
    private readonly int snapshotPartBytes;
    private DueTimer due = null!;
    private long version;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public WorkerDirectory(int bucket, FailoverSettings settings, IFailoverRegions regions)
        : base(
            PersistenceIds.DirectoryBucket(bucket),
            DirectoryState.Empty,
            SnapshotPolicy.OfSmall(settings.Storage))
    {
        this.bucket = bucket;
        this.regions = regions;
        wakes = new WakeRounds(settings.Workers);
        forgets = new ForgetRounds(settings.Workers);
        admissions = new Admissions(settings);
        queues = new PresentQueues(settings.Partitions.Queues);
        snapshotPartBytes = settings.Storage.SnapshotPartBytes;
    }

    /// <summary>Creates the props of a bucket.</summary>
    public static Props Props(int bucket, FailoverSettings settings, IFailoverRegions regions) =>
        Akka.Actor.Props.Create(() => new WorkerDirectory(bucket, settings, regions));

    /// <inheritdoc />
    protected override DirectoryState Apply(DirectoryState state, IStoredEvent @event) => state.Apply(@event);

    /// <inheritdoc />
    protected override IEnumerable<IStoredState> ToSnapshot(DirectoryState state) => state.ToParts(snapshotPartBytes);

    /// <inheritdoc />
    protected override StoredSize SizeOf(DirectoryState state) => new(state.Count, 0);

    /// <inheritdoc />
    protected override DirectoryState FromSnapshot(IReadOnlyList<IStoredState> parts) =>
        DirectoryState.FromParts([.. parts.Cast<DirectorySnapshot>()]);

    /// <inheritdoc />
    protected override bool IsDatedAfter(DirectoryState state, DateTimeOffset now) => state.IsDatedAfter(now);

    /// <inheritdoc />
    protected override bool IsGauged => true;

    /// <inheritdoc />
    protected override void Recovered()
    {
        due = new DueTimer(Timers, static () => Now);
        version = Now.UtcTicks;
        wakes.Begin(Now);
        forgets.Begin(Now);
        Arm();
    }

    /// <inheritdoc />
    protected override void Handle(object message)
    {
        switch (message)
        {
            case UpdateWorkerEntry update:
                OnUpdate(update);
                break;
            case WorkerForgotten forgotten:
                if (State.Decide(forgotten) is { } gone)
                {
                    Change(gone);
                }

                break;
            case WorkerSeen hint:
                OnSeen(hint);
                break;
            case ListWorkers query:
                Sender.Tell(Page(query));
                break;
            case FindWorker query:
                Sender.Tell(State.Find(query.WorkerId) is null && !admissions.Expects(query.WorkerId, Now)
                    ? Refused.Unknown($"there is no worker '{query.WorkerId}'")
                    : seen.LastOf(query.WorkerId, bucket));
                break;
            case AdmitWorker query:
                Sender.Tell(admissions.Answer(query, State, Now));
                break;
            case ListIdleWorkers query:
                Sender.Tell(query.Limit is < 1 or > CallLimits.MaxEntries
                    ? Refused.Invalid("limit", $"must be 1 to {CallLimits.MaxEntries}")
                    : seen.Idle(Durable, query.Limit));
                break;
            case GetWorkerStats:
                Sender.Tell(Durable.Tally.Counts());
                break;
            case GetTroubledWorkers:
                Sender.Tell(Durable.Troubled(Now));
                break;
            case GetFleetSlice query:
                OnSliceAsked(query);
                break;
            case DueTimer.Due:
                due.Fired();
                OnDue();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnUpdate(UpdateWorkerEntry update)
    {
        var acknowledged = new WorkerEntryAcknowledged { WorkerId = update.Entry.WorkerId, Revision = update.Entry.Revision };
        if (State.Decide(update) is { } @event)
        {
            admissions.Entered(update.Entry.WorkerId);
            Change(@event, () => regions.Workers.Tell(acknowledged, Self));
        }
        else
        {
            AfterWrites(() => regions.Workers.Tell(acknowledged, Self));
        }
    }

    private void Change(IStoredEvent @event, Action? afterwards = null) => Commit(@event, after =>
    {
        version++;
        waiters.Changed(Now);
        forgets.Changed(after, Now);
        Arm();
        afterwards?.Invoke();
    });

    private void OnSeen(WorkerSeen hint)
    {
        if (State.Find(hint.WorkerId) is not null)
        {
            seen.Record(hint, Now);
        }

        if (queues.DifferFrom(hint))
        {
            regions.Workers.Tell(new QueuesRestarted { WorkerId = hint.WorkerId, Queues = queues.All }, Self);
        }
    }

    private void OnSliceAsked(GetFleetSlice query)
    {
        if (query.Asker is { } asker)
        {
            queues.Record(asker);
        }

        if (query.KnownVersion != version || query.Wait <= TimeSpan.Zero || !waiters.TryAdd(Sender, Now + query.Wait))
        {
            Tell([Sender], Durable.Tally.Slice(bucket, version, Now));
            return;
        }

        Arm();
    }

    private void OnDue()
    {
        var answered = waiters.RemoveDue(Now);
        if (answered.Count > 0)
        {
            Tell(answered, Durable.Tally.Slice(bucket, version, Now));
        }

        foreach (var worker in wakes.Due(Durable, seen, Now))
        {
            regions.Workers.Tell(new WakeWorker { WorkerId = worker }, Self);
        }

        foreach (var gone in forgets.Due(Durable, Now))
        {
            regions.Workers.Tell(gone, Self);
        }

        Arm();
    }

    private void Tell(List<IActorRef> askers, FleetSlice slice)
    {
        foreach (var part in SliceParts.Of(slice, MessageLimits.MaxGatheredBytes))
        {
            askers.ForEach(asker => asker.Tell(part, Self));
        }
    }

    private void Arm()
    {
        due.ArmAt(forgets.DueAt);
        due.ArmAt(waiters.DueAt);
        due.ArmAt(wakes.DueAt);
    }

    private IWireMessage Page(ListWorkers query)
    {
        if (query.Limit is < 1 or > CallLimits.MaxPage)
        {
            return Refused.Invalid("limit", $"must be 1 to {CallLimits.MaxPage}");
        }

        var (workers, hasMore) = Durable.RegisteredAfter(query.After).Select(seen.Shown)
            .FirstPage(query.Limit, WireSize.Of, MessageLimits.MaxGatheredBytes);
        return new WorkerPage { Workers = workers, HasMore = hasMore };
    }
}
