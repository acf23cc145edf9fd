using Akka.Persistence;
using Morag.Failover.Actors.Metrics;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// A persistent actor that pipelines its writes. It decides a command at once, on the state that includes all earlier decisions, even if
/// they are not stored yet. The event is stored with the next write, and the reply is sent once that write is durable, in order. A failed
/// or rejected write stops the actor and discards the state that ran ahead; the callers of pending commands are told that the outcome is
/// unknown.
/// </summary>
public abstract partial class EventSourcedActor<TState> : UntypedPersistentActor, IWithTimers
    where TState : class
{
    private readonly SnapshotPolicy snapshots;
    private readonly Queue<IEnumerable<IActorRef>> awaitingWrites = new();
    private readonly StoreWatch store = StoreWatch.Of(Context.System);
    private readonly StoreMetrics metrics;
    private OwnerStates.PublishedState? published;
    private bool committed;

    /// <summary>Creates an actor that recovers from <paramref name="initial"/> and its journal.</summary>
    protected EventSourcedActor(string persistenceId, TState initial, SnapshotPolicy snapshots)
    {
        PersistenceId = persistenceId;
        State = initial;
        Durable = initial;
        this.snapshots = snapshots;
        metrics = new StoreMetrics(persistenceId);
        Log = Context.GetLogger();
    }

    /// <inheritdoc />
    public sealed override string PersistenceId { get; }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>The state after everything decided so far, stored or not.</summary>
    protected TState State { get; private set; }

    /// <summary>The state after everything that is stored.</summary>
    protected TState Durable { get; private set; }

    /// <summary>The time of the actor system's scheduler, which tests can set.</summary>
    protected static DateTimeOffset Now => Context.System.Scheduler.Now;

    /// <summary>The estimated bytes of the events that are not durable yet.</summary>
    protected long BytesInFlight { get; private set; }

    /// <summary>Whether the durable state is published for gauges (<see cref="OwnerStates"/>).</summary>
    protected virtual bool IsGauged => false;

    /// <summary>The log.</summary>
    protected new ILoggingAdapter Log { get; }

    /// <summary>Applies an event. Uses no clock, randomness or I/O, and throws only for an event of another kind of owner.</summary>
    protected abstract TState Apply(TState state, IStoredEvent @event);

    /// <summary>
    /// Whether the state holds a time after now, or a deadline further away than its duration. Then the clock was set back after the state
    /// was written, and <see cref="ClockSetBack"/> corrects it.
    /// </summary>
    protected abstract bool IsDatedAfter(TState state, DateTimeOffset now);

    /// <summary>Handles a command, a query or a reply.</summary>
    protected abstract void Handle(object message);

    /// <summary>Runs after recovery: arms timers and resends what has not been acknowledged.</summary>
    protected virtual void Recovered()
    {
    }

    /// <summary>Runs before the entity stops in order, and may commit what only memory holds.</summary>
    protected virtual void Stopping()
    {
    }

    /// <summary>Stops the entity. All writes are durable and all replies sent.</summary>
    protected virtual void Stop() => Context.Stop(Self);

    /// <summary>
    /// Applies the event to <see cref="State"/> at once and stores it. <paramref name="afterwards"/> runs once it is durable, in the order
    /// of the commits, with the state right after the event. If the event cannot be stored, <paramref name="callers"/>, or else the sender,
    /// are told that the outcome is unknown.
    /// </summary>
    protected void Commit(IStoredEvent @event, Action<TState>? afterwards = null, IEnumerable<IActorRef>? callers = null)
    {
        var after = Apply(State, @event);
        State = after;
        committed = true;
        awaitingWrites.Enqueue(callers ?? [Sender]);
        var bytes = WireSize.OfObject(@event);
        BytesInFlight += bytes;
        var startedAt = store.Elapsed;
        PersistAsync(@event, _ =>
        {
            awaitingWrites.Dequeue();
            BytesInFlight -= bytes;
            Durable = after;
            PublishDurable();
            metrics.Wrote(store.Wrote(startedAt), bytes);
            afterwards?.Invoke(after);
            SaveSnapshotWhenDue(after, bytes);
            snapshotInProgress?.Pace.WriteStored(bytes);
            EncodeNextPartInTurn();
        });
    }

    /// <summary>
    /// Runs <paramref name="then"/> once everything decided before it is durable, because a reply must not show what could still be lost.
    /// If that fails, <paramref name="caller"/>, or else the sender, is told that the outcome is unknown.
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
    /// Runs long work on another thread of this dispatcher, and sends the result as this entity. The entity keeps handling messages, so the
    /// work may read immutable state only.
    /// </summary>
    /// <param name="work">The work. Its result is sent.</param>
    /// <param name="failed">Creates the message to send if the work throws.</param>
    /// <param name="to">The receiver.</param>
    protected void DoAside(Func<object> work, Func<Exception, object> failed, IActorRef to)
    {
        var self = Self;
        Context.Dispatcher.Schedule(() => to.Tell(ResultOf(work, failed), self));
    }

    /// <summary>The result of work, or the message that says why it failed.</summary>
    private protected static object ResultOf(Func<object> work, Func<Exception, object> failed)
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

    /// <summary>Asks the shard to stop this entity until its next message.</summary>
    protected static void Passivate() =>
        Context.Parent.Tell(new Akka.Cluster.Sharding.Passivate(StopEntity.Instance));

    /// <inheritdoc />
    protected sealed override void OnCommand(object message)
    {
        switch (message)
        {
            case StopEntity:
                Stopping();
                AfterWrites(Stop);
                break;
            case SaveSnapshotSuccess saved:
                DropWhatSnapshotsCover(saved.Metadata.SequenceNr);
                break;
            case SaveSnapshotFailure failed when !store.Failed(failed.Cause):
                Log.Warning(
                    failed.Cause,
                    "{Owner}: the snapshot at sequence number {SequenceNr} was not saved. No data is lost. "
                    + "The next one is due after {Events} events.",
                    PersistenceId,
                    failed.Metadata.SequenceNr,
                    snapshots.Every);
                break;
            case DeleteMessagesFailure failed when !store.Failed(failed.Cause):
                Log.Warning(
                    failed.Cause,
                    "{Owner}: events up to sequence number {SequenceNr} were not deleted. They take space only; "
                    + "the next snapshot deletes them.",
                    PersistenceId,
                    failed.ToSequenceNr);
                break;
            case DeleteSnapshotsFailure failed when !store.Failed(failed.Cause):
                Log.Warning(
                    failed.Cause,
                    "{Owner}: old snapshots were not deleted. They take space only; the next snapshot deletes them.",
                    PersistenceId);
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
                // Not thrown, because Akka.NET would restart the entity at once, again and again.
                OnRecoveryFailure(lost);
                Context.Stop(Self);
                break;
            case RecoveryCompleted:
                ReportGapBefore(LastSequenceNr + 1);
                Durable = State;
                CorrectClock();
                published = IsGauged ? OwnerStates.Of(Context.System).Publish(PersistenceId, Durable) : null;
                Recovered();
                store.Succeeded(wrote: false);
                Context.Parent.Tell(OwnerRecovered.Instance);
                break;
            default:
                throw new InvalidOperationException(
                    $"{PersistenceId}: the journal holds a {message.GetType()}, which is unknown to this version");
        }
    }

    /// <inheritdoc />
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        if (!store.Failed(cause))
        {
            Log.Error(
                cause,
                "{Owner}: event {SequenceNr} could not be stored. The entity restarts from what is durable; its pending calls get 503.",
                PersistenceId,
                sequenceNr);
        }

        Context.Parent.Tell(new OwnerFailed(StoreFault.Describe(cause), null));
    }

    /// <inheritdoc />
    protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
        Context.Parent.Tell(new OwnerFailed(StoreFault.Describe(reason), store.Failed(reason) ? null : reason));

    /// <inheritdoc />
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        Log.Error(
            cause,
            "{Owner}: the journal rejected event {SequenceNr} ({EventType}). The entity restarts from what is durable; "
            + "its pending calls get 503.",
            PersistenceId,
            sequenceNr,
            @event.GetType());
        Context.Stop(Self);
    }

    /// <summary>Tells the callers of pending writes that the outcome is unknown, whatever stopped the entity.</summary>
    protected override void PostStop()
    {
        foreach (var caller in awaitingWrites.SelectMany(callers => callers).Distinct())
        {
            caller.Tell(Refused.Unavailable(
                "storage failed, or the entity stopped, before the call was durable: its outcome is unknown. Repeat the call."));
        }

        awaitingWrites.Clear();
        if (published is not null)
        {
            OwnerStates.Of(Context.System).Withdraw(PersistenceId, published);
        }

        base.PostStop();
    }

    private void PublishDurable()
    {
        if (published is not null)
        {
            published.State = Durable;
        }
    }

    /// <summary>
    /// Rejects a message whose handling throws, unless it has already changed the state: then the actor must restart from what is durable.
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
            Log.Error(
                failure,
                "{Owner}: handling {MessageType} failed. The message was rejected; the state is unchanged.",
                PersistenceId,
                message.GetType());
            Sender.Tell(
                Refused.Unavailable($"an internal error occurred while handling {message.GetType().Name}. See the log of the node."));
        }
    }

    private void CorrectClock()
    {
        var now = Now;
        if (IsDatedAfter(State, now))
        {
            Log.Warning(
                "{Owner}: the clock was set back: the stored state has times after this node's clock ({Now:u}). "
                + "Waits that would end too late restart now.",
                PersistenceId,
                now);
            Commit(new ClockSetBack { At = now }, callers: []);
        }
    }
}
