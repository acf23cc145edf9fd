using Akka.Persistence;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// A persistent actor that does not wait for its writes. A command is decided at once, on the state as it will be when everything
/// decided before it is written; its event goes out with the next write, and its reply leaves once that write is durable, in order.
/// A write that fails or is rejected stops the actor, and with it the state that ran ahead; callers whose commands were under way
/// are told that the outcome is unknown.
/// </summary>
public abstract partial class EventSourcedActor<TState> : UntypedPersistentActor, IWithTimers
    where TState : class
{
    private readonly SnapshotPolicy snapshots;
    private readonly Queue<IEnumerable<IActorRef>> awaitingWrites = new();
    private readonly StoreWatch store = StoreWatch.Of(Context.System);
    private bool committed;

    /// <summary>An actor that begins with <paramref name="initial"/> and what the journal holds of it.</summary>
    protected EventSourcedActor(string persistenceId, TState initial, SnapshotPolicy snapshots)
    {
        PersistenceId = persistenceId;
        State = initial;
        this.snapshots = snapshots;
        Log = Context.GetLogger();
    }

    /// <inheritdoc />
    public sealed override string PersistenceId { get; }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>The state as it will be once everything decided so far is written.</summary>
    protected TState State { get; private set; }

    /// <summary>The time of the system's scheduler, which tests can set.</summary>
    protected static DateTimeOffset Now => Context.System.Scheduler.Now;

    /// <summary>The bytes of the events that are under way, by <see cref="WireSize"/>.</summary>
    protected long BytesUnderWay { get; private set; }

    /// <summary>The log.</summary>
    protected new ILoggingAdapter Log { get; }

    /// <summary>The state after an event: total over the known events, without clock, randomness or I/O; throws on an unknown event.</summary>
    protected abstract TState Apply(TState state, IStoredEvent @event);

    /// <summary>
    /// Whether the state holds a time after now, or one that is due later than its duration from now: then the clock was set back since
    /// it was written, and <see cref="ClockSetBack"/> corrects it.
    /// </summary>
    protected abstract bool IsDatedAfter(TState state, DateTimeOffset now);

    /// <summary>Takes a command, a query or an answer.</summary>
    protected abstract void Handle(object message);

    /// <summary>Runs once the state is back: arms timers, sends again what is owed.</summary>
    protected virtual void Recovered()
    {
    }

    /// <summary>Everything is written and answered: the entity ends.</summary>
    protected virtual void Stop() => Context.Stop(Self);

    /// <summary>
    /// Applies the event to <see cref="State"/> at once and stores it; <paramref name="afterwards"/> runs once it is durable, in the
    /// order of the commits, with the state right after the event. Where that never comes, those who wait for it are told:
    /// <paramref name="callers"/>, or else the sender.
    /// </summary>
    protected void Commit(IStoredEvent @event, Action<TState>? afterwards = null, IEnumerable<IActorRef>? callers = null)
    {
        var after = Apply(State, @event);
        State = after;
        committed = true;
        awaitingWrites.Enqueue(callers ?? [Sender]);
        var bytes = WireSize.OfObject(@event);
        BytesUnderWay += bytes;
        PersistAsync(@event, _ =>
        {
            awaitingWrites.Dequeue();
            BytesUnderWay -= bytes;
            store.Succeeded(wrote: true);
            afterwards?.Invoke(after);
            SaveSnapshotWhenDue(after, bytes);
            snapshotUnderWay?.Pace.WriteStored(bytes);
            EncodeNextPartInTurn();
        });
    }

    /// <summary>
    /// Runs <paramref name="then"/> once everything decided before it is durable, at once where nothing is under way: a reply must
    /// not show what could still be lost. Where that never comes, <paramref name="caller"/>, or else the sender, is told.
    /// </summary>
    protected void AfterWrites(Action then, IActorRef? caller = null)
    {
        awaitingWrites.Enqueue([caller ?? Sender]);
        DeferAsync(then, action =>
        {
            awaitingWrites.Dequeue();
            action();
            EncodeNextPartInTurn();
        });
    }

    /// <summary>
    /// Does work that takes long on another thread of this dispatcher, and sends what comes of it, as this entity. The entity goes on
    /// meanwhile, so the work must follow from immutable state alone.
    /// </summary>
    /// <param name="work">The work; gives what is sent.</param>
    /// <param name="failed">What is sent instead where the work throws.</param>
    /// <param name="to">Whom it is sent to.</param>
    protected void DoAside(Func<object> work, Func<Exception, object> failed, IActorRef to)
    {
        var self = Self;
        Context.Dispatcher.Schedule(() => to.Tell(ResultOf(work, failed), self));
    }

    private static object ResultOf(Func<object> work, Func<Exception, object> failed)
    {
        try
        {
            return work();
        }
#pragma warning disable CA1031 // The caller must hear of any failure.
        catch (Exception cause)
#pragma warning restore CA1031
        {
            return failed(cause);
        }
    }

    /// <summary>Asks the shard to end this entity until the next message for it.</summary>
    protected static void Passivate() =>
        Context.Parent.Tell(new Akka.Cluster.Sharding.Passivate(StopEntity.Instance));

    /// <inheritdoc />
    protected sealed override void OnCommand(object message)
    {
        switch (message)
        {
            case StopEntity:
                AfterWrites(Stop);
                break;
            case SaveSnapshotSuccess saved:
                DropWhatSnapshotsCover(saved.Metadata.SequenceNr);
                break;
            case SaveSnapshotFailure failed when !store.Failed(failed.Cause):
                Log.Warning(failed.Cause, "{0}: the snapshot at {1} was not saved; the next one is tried after {2} more events", PersistenceId, failed.Metadata.SequenceNr, snapshots.Every);
                break;
            case DeleteMessagesFailure failed when !store.Failed(failed.Cause):
                Log.Warning(failed.Cause, "{0}: events up to {1} were not removed; the next snapshot tries again", PersistenceId, failed.ToSequenceNr);
                break;
            case DeleteSnapshotsFailure failed when !store.Failed(failed.Cause):
                Log.Warning(failed.Cause, "{0}: old snapshots were not removed; the next snapshot tries again", PersistenceId);
                break;
            case DeleteMessagesSuccess or DeleteSnapshotsSuccess:
            case SaveSnapshotFailure or DeleteMessagesFailure or DeleteSnapshotsFailure:
                break;
            case PartEncoded encoded:
                StorePart(encoded);
                break;
            case PartNotEncoded failed:
                GiveUpSnapshot(failed);
                break;
            default:
                HandleSafely(message);
                break;
        }
    }

    /// <inheritdoc />
    protected sealed override void OnRecover(object message)
    {
        switch (message)
        {
            case IStoredEvent @event:
                Replay(@event);
                break;
            case SnapshotOffer { Snapshot: IStoredState stored } offer:
                Restore(stored, offer.Metadata.SequenceNr);
                break;
            case RecoveryCompleted when LostState() is { } lost:
                // Akka would restart the entity at once, over and over, where this were thrown.
                OnRecoveryFailure(lost);
                Context.Stop(Self);
                break;
            case RecoveryCompleted:
                ReportGapBefore(LastSequenceNr + 1);
                CorrectClock();
                Recovered();
                store.Succeeded(wrote: false);
                Context.Parent.Tell(OwnerRecovered.Instance);
                break;
            default:
                throw new InvalidOperationException($"{PersistenceId}: the journal holds a {message.GetType()}, which this version does not know");
        }
    }

    /// <inheritdoc />
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        if (!store.Failed(cause))
        {
            Log.Error(cause, "{0}: event {1} could not be stored; the entity stops and comes back with what is durable", PersistenceId, sequenceNr);
        }

        Context.Parent.Tell(new OwnerFailed(StoreFault.Words(cause), null));
    }

    /// <inheritdoc />
    protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
        Context.Parent.Tell(new OwnerFailed(StoreFault.Words(reason), store.Failed(reason) ? null : reason));

    /// <inheritdoc />
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        Log.Error(cause, "{0}: event {1} ({2}) was rejected; the entity stops and comes back with what is durable", PersistenceId, sequenceNr, @event.GetType());
        Context.Stop(Self);
    }

    /// <summary>Whatever ends it with writes under way, those who wait for them are told that they cannot know what became of them.</summary>
    protected override void PostStop()
    {
        foreach (var caller in awaitingWrites.SelectMany(callers => callers).Distinct())
        {
            caller.Tell(Refused.Unavailable("storage failed, or the entity ended, while this was under way: the outcome is unknown, ask again"));
        }

        awaitingWrites.Clear();
        base.PostStop();
    }

    /// <summary>
    /// A message that cannot be handled is refused and disturbs nobody else, as long as it changed nothing: once it has committed,
    /// the actor must begin anew from what is durable.
    /// </summary>
    private void HandleSafely(object message)
    {
        committed = false;
        try
        {
            Handle(message);
        }
        catch (Exception failure) when (!committed)
        {
            Log.Error(failure, "{0}: {1} could not be handled", PersistenceId, message.GetType());
            Sender.Tell(Refused.Unavailable($"an internal error while handling {message.GetType().Name}; it is in the node's log"));
        }
    }

    private void CorrectClock()
    {
        var now = Now;
        if (IsDatedAfter(State, now))
        {
            Log.Warning("{0}: its state was written by a clock that was ahead of this node's clock ({1:u}); every wait that would end too late now starts again from this moment", PersistenceId, now);
            Commit(new ClockSetBack { At = now }, callers: []);
        }
    }
}
