using Akka.Persistence;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Actors.Persistence;

/// <content>
/// Snapshots. A state that fits one part is stored as one snapshot. A larger state is stored in parts, which are events of this journal
/// between the others. Each part is encoded off the actor's thread and written when the part before it is durable, so no write is larger
/// than a part, and calls go first: see <see cref="SnapshotPace"/>. The snapshot itself then only refers to the parts.
/// </content>
public abstract partial class EventSourcedActor<TState>
{
    private readonly Queue<long> keptSnapshots = new();
    private SnapshotWriting? snapshotInProgress;
    private SnapshotReading? restoring;
    private long eventsSinceSnapshot;
    private long bytesSinceSnapshot;
    private long readUpTo;
    private TimeSpan snapshotDueAt;
    private long snapshotBytes;
    private bool restored;

    /// <inheritdoc />
    public override Recovery Recovery => new(UnreadableSnapshots.In(Context.System).Below(PersistenceId));

    /// <summary>
    /// The state in parts; single values are in the first part. It is enumerated on another thread while the entity handles messages, so it
    /// may read the immutable state only.
    /// </summary>
    protected abstract IEnumerable<IStoredState> ToSnapshot(TState state);

    /// <summary>Restores the state from its parts.</summary>
    protected abstract TState FromSnapshot(IReadOnlyList<IStoredState> parts);

    /// <summary>The size of a state, which limits how often a snapshot is due. Unknown counts as zero.</summary>
    protected virtual StoredSize SizeOf(TState state) => default;

    private void SaveSnapshotWhenDue(TState durable, long bytes)
    {
        eventsSinceSnapshot++;
        bytesSinceSnapshot += bytes;
        if (snapshotInProgress is not null || !snapshots.IsDue(eventsSinceSnapshot, bytesSinceSnapshot, SizeOf(durable)))
        {
            return;
        }

        eventsSinceSnapshot = 0;
        bytesSinceSnapshot = 0;
        snapshotDueAt = store.Elapsed;
        snapshotBytes = 0;
        var parts = ToSnapshot(durable);
        if (parts.Take(2).ToList() is [var only])
        {
            snapshotBytes = WireSize.OfObject(only);
            SaveSnapshotAt(LastSequenceNr, only);
            return;
        }

        snapshotInProgress = new SnapshotWriting(LastSequenceNr, parts);
    }

    /// <summary>Encodes the next part if its turn has come. Called after every write and reply.</summary>
    private void EncodeNextPartInTurn()
    {
        if (snapshotInProgress is { } snapshot && snapshot.Pace.TakeTurn(awaitingWrites.Count))
        {
            DoAside(() => new PartEncoded(snapshot, snapshot.EncodeNext()), cause => new PartNotEncoded(snapshot, cause), Self);
        }
    }

    private void StorePart(PartEncoded encoded)
    {
        var snapshot = encoded.Snapshot;
        if (encoded.Part is { } part)
        {
            PersistAsync(part, _ =>
            {
                snapshot.Pace.PartStored(part.Content.Length);
                snapshotBytes += part.Content.Length;
                EncodeNextPartInTurn();
            });
            return;
        }

        snapshotInProgress = null;
        SaveSnapshotAt(snapshot.SequenceNr, new SnapshotInParts { Parts = snapshot.Parts });
    }

    private void GiveUpSnapshot(PartNotEncoded failed)
    {
        snapshotInProgress = null;
        Log.Error(
            failed.Cause,
            "{Owner}: the snapshot at sequence number {SequenceNr} could not be encoded. No data is lost. "
            + "The next one is due after {Events} events.",
            PersistenceId,
            failed.Snapshot.SequenceNr,
            snapshots.Every);
    }

    /// <summary>
    /// Replaces <see cref="Eventsourced.SaveSnapshot"/>: when the last part is durable, events after the state have been stored as well.
    /// </summary>
    private void SaveSnapshotAt(long sequenceNr, IStoredState state) =>
        SnapshotStore.Tell(new SaveSnapshot(new SnapshotMetadata(PersistenceId, sequenceNr, Now.UtcDateTime), state), Self);

    private void DropWhatSnapshotsCover(long saved)
    {
        metrics.WroteSnapshot(store.Elapsed - snapshotDueAt, snapshotBytes);
        keptSnapshots.Enqueue(saved);
        if (keptSnapshots.Count <= snapshots.Kept)
        {
            return;
        }

        keptSnapshots.Dequeue();
        var oldestKept = keptSnapshots.Peek();
        DeleteMessages(oldestKept);
        DeleteSnapshots(new SnapshotSelectionCriteria(oldestKept - 1));
    }

    private void Restore(IStoredState stored, long sequenceNr)
    {
        keptSnapshots.Enqueue(sequenceNr);
        restored = true;
        readUpTo = sequenceNr;
        if (stored is SnapshotInParts inParts)
        {
            restoring = new SnapshotReading(sequenceNr, inParts.Parts);
        }
        else
        {
            ReadingSnapshot(sequenceNr, () => State = FromSnapshot([stored]));
        }
    }

    private void Replay(IStoredEvent @event)
    {
        if (!restored && LastSequenceNr > 1)
        {
            throw NotCovered($"before {LastSequenceNr}");
        }

        restored = true;
        ReportGapBefore(LastSequenceNr);
        if (restoring is { } reading)
        {
            ReadingSnapshot(reading.SequenceNr, () => ReadOn(reading, @event));
            ReplayHeldBack(reading);
        }
        else if (@event is not SnapshotPart)
        {
            ReplayOne(@event);
        }
    }

    private void ReadOn(SnapshotReading reading, IStoredEvent @event)
    {
        reading.Read(@event);
        if (reading.IsComplete)
        {
            State = FromSnapshot(reading.Finish());
            restoring = null;
        }
    }

    /// <summary>Applies the events that were held back until the state was complete. If one fails, the snapshot is not to blame.</summary>
    private void ReplayHeldBack(SnapshotReading reading)
    {
        if (!reading.IsComplete)
        {
            return;
        }

        foreach (var later in reading.Later)
        {
            ReplayOne(later);
        }
    }

    private void ReplayOne(IStoredEvent @event)
    {
        State = Apply(State, @event);
        eventsSinceSnapshot++;
        bytesSinceSnapshot += WireSize.OfObject(@event);
    }

    /// <summary>
    /// Logs a gap in the sequence numbers. A gap does not prevent the start, because a rejected write leaves one too. But if events were
    /// lost, the state is one that never existed.
    /// </summary>
    private void ReportGapBefore(long next)
    {
        if (next > readUpTo + 1)
        {
            Log.Error(
                "{Owner}: events {From} to {To} are missing from the journal. Their write was rejected, or they were lost with their "
                + "changes. The entity continues without them. Check its tasks and workers, and run 'morag journal verify' on it.",
                PersistenceId,
                readUpTo + 1,
                next - 1);
        }

        readUpTo = next;
    }

    /// <summary>What the state lacks after the whole journal was read; null if it is complete.</summary>
    private Exception? LostState() => restoring is { } reading
        ? Unreadable(reading.SequenceNr, new InvalidDataException("the journal ends before its last part"))
        : !restored && LastSequenceNr > 0 ? NotCovered($"up to {LastSequenceNr}") : null;

    /// <summary>
    /// Events are deleted only when a snapshot covers them. Without a readable snapshot, starting empty would lose data silently.
    /// </summary>
    private InvalidDataException NotCovered(string events)
    {
        UnreadableSnapshots.In(Context.System).Forget(PersistenceId);
        return new InvalidDataException(
            $"the events of {PersistenceId} {events} are missing, and no readable snapshot covers them. Restore Redis from a backup.");
    }

    /// <summary>Marks a snapshot that cannot be read, so that the next start uses the one before it and the events since.</summary>
    private void ReadingSnapshot(long sequenceNr, Action read)
    {
        try
        {
            read();
        }
        catch (Exception failure)
        {
            _ = Unreadable(sequenceNr, failure);
            throw;
        }
    }

    private Exception Unreadable(long sequenceNr, Exception failure)
    {
        UnreadableSnapshots.In(Context.System).Add(PersistenceId, sequenceNr);
        Log.Error(
            failure,
            "{Owner}: the snapshot at sequence number {SequenceNr} cannot be read. "
            + "The entity restarts from the one before it and the events since.",
            PersistenceId,
            sequenceNr);
        return failure;
    }

    private sealed record PartEncoded(SnapshotWriting Snapshot, SnapshotPart? Part)
        : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed record PartNotEncoded(SnapshotWriting Snapshot, Exception Cause)
        : INoSerializationVerificationNeeded, IDeadLetterSuppression;
}
