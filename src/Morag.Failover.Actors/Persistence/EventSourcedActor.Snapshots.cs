using Akka.Persistence;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Actors.Persistence;

/// <content>
/// Snapshots. A state that fits one part is stored as one snapshot. A larger one is stored in parts, which are events of this journal
/// between the others: each is encoded off the actor's thread and written when the one before is durable, so no write is larger than
/// a part and no caller waits for more than one, and calls go first: see <see cref="SnapshotPace"/>. The snapshot itself then only says
/// where the parts are.
/// </content>
public abstract partial class EventSourcedActor<TState>
{
    private readonly Queue<long> keptSnapshots = new();
    private SnapshotWriting? snapshotUnderWay;
    private SnapshotReading? restoring;
    private long eventsSinceSnapshot;
    private long bytesSinceSnapshot;
    private long readUpTo;
    private bool restored;

    /// <inheritdoc />
    public override Recovery Recovery => new(UnreadableSnapshots.In(Context.System).Below(PersistenceId));

    /// <summary>
    /// The state as it is stored, in parts, the first of which says what there is one of. It is read on another thread, while the
    /// entity goes on: it must follow from the immutable state alone.
    /// </summary>
    protected abstract IEnumerable<IStoredState> ToSnapshot(TState state);

    /// <summary>The state that was stored in these parts.</summary>
    protected abstract TState FromSnapshot(IReadOnlyList<IStoredState> parts);

    /// <summary>How large a state is; a snapshot is written no more often than that is worth. Unknown counts as nothing.</summary>
    protected virtual StoredSize SizeOf(TState state) => default;

    private void SaveSnapshotWhenDue(TState durable, long bytes)
    {
        eventsSinceSnapshot++;
        bytesSinceSnapshot += bytes;
        if (snapshotUnderWay is not null || !snapshots.IsDue(eventsSinceSnapshot, bytesSinceSnapshot, SizeOf(durable)))
        {
            return;
        }

        eventsSinceSnapshot = 0;
        bytesSinceSnapshot = 0;
        var parts = ToSnapshot(durable);
        if (parts.Take(2).ToList() is [var only])
        {
            SaveSnapshotAt(LastSequenceNr, only);
            return;
        }

        snapshotUnderWay = new SnapshotWriting(LastSequenceNr, parts);
    }

    /// <summary>Called whenever a write or an answer is done, so that a part that waits for its turn gets it.</summary>
    private void EncodeNextPartInTurn()
    {
        if (snapshotUnderWay is { } snapshot && snapshot.Pace.TakeTurn(awaitingWrites.Count))
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
                EncodeNextPartInTurn();
            });
            return;
        }

        snapshotUnderWay = null;
        SaveSnapshotAt(snapshot.SequenceNr, new SnapshotInParts { Parts = snapshot.Parts });
    }

    private void GiveUpSnapshot(PartNotEncoded failed)
    {
        snapshotUnderWay = null;
        Log.Error(
            failed.Cause,
            "{0}: the snapshot at {1} could not be encoded; nothing is lost, and the next one is tried after {2} more events",
            PersistenceId,
            failed.Snapshot.SequenceNr,
            snapshots.Every);
    }

    /// <summary>Not <see cref="Eventsourced.SaveSnapshot"/>: by the time the last part is durable, events have been stored behind the state.</summary>
    private void SaveSnapshotAt(long sequenceNr, IStoredState state) =>
        SnapshotStore.Tell(new SaveSnapshot(new SnapshotMetadata(PersistenceId, sequenceNr, Now.UtcDateTime), state), Self);

    private void DropWhatSnapshotsCover(long saved)
    {
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

    /// <summary>Applies the events that waited for the state. One that cannot be applied says nothing against the snapshot.</summary>
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
    /// Numbers without an event are no reason to refuse the start: a write that was rejected leaves such a gap too. But events that were
    /// lost leave a state that never was.
    /// </summary>
    private void ReportGapBefore(long next)
    {
        if (next > readUpTo + 1)
        {
            Log.Error(
                "{0}: events {1} to {2} are missing from the journal. Their write was rejected, or they were lost together with their changes. "
                + "The entity continues without them. Check its tasks and workers, and run 'morag journal verify {0}'.",
                PersistenceId,
                readUpTo + 1,
                next - 1);
        }

        readUpTo = next;
    }

    /// <summary>What the state lacks once the whole journal was read; null where it is complete.</summary>
    private Exception? LostState() => restoring is { } reading
        ? Unreadable(reading.SequenceNr, new InvalidDataException("the journal ends before its last part"))
        : !restored && LastSequenceNr > 0 ? NotCovered($"up to {LastSequenceNr}") : null;

    /// <summary>Events are only removed once snapshots cover them: where those are gone or unreadable too, an empty state would be a silent loss.</summary>
    private InvalidDataException NotCovered(string events)
    {
        UnreadableSnapshots.In(Context.System).Forget(PersistenceId);
        return new InvalidDataException(
            $"the events of {PersistenceId} {events} are gone, and no readable snapshot covers them; restore Redis from a backup");
    }

    /// <summary>A snapshot that cannot be read is passed over at the next start: the one before it and the events since say the same.</summary>
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
            "{0}: the snapshot at {1} cannot be read; the entity starts again with the one before it and the events since",
            PersistenceId,
            sequenceNr);
        return failure;
    }

    private sealed record PartEncoded(SnapshotWriting Snapshot, SnapshotPart? Part) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed record PartNotEncoded(SnapshotWriting Snapshot, Exception Cause) : INoSerializationVerificationNeeded, IDeadLetterSuppression;
}
