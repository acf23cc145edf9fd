using Morag.Failover.Actors.Serialization;

namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// Reassembles a snapshot from its parts during recovery. Between the parts are events after the snapshot, which are held back until the
/// state is complete. Parts are decoded on other threads while the journal is read.
/// </summary>
internal sealed class SnapshotReading(long sequenceNr, int parts)
{
    private readonly List<Task<IStoredState>> decoding = new(parts);
    private readonly List<IStoredEvent> later = [];

    /// <summary>The sequence number of the last event that it covers.</summary>
    public long SequenceNr => sequenceNr;

    /// <summary>Whether every part was read.</summary>
    public bool IsComplete => decoding.Count == parts;

    /// <summary>The events after the snapshot, oldest first.</summary>
    public IReadOnlyList<IStoredEvent> Later => later;

    /// <summary>Adds the next event. Parts of other snapshots, unfinished or later, are ignored.</summary>
    /// <exception cref="InvalidDataException">The part before this one is missing.</exception>
    public void Read(IStoredEvent @event)
    {
        if (@event is not SnapshotPart part)
        {
            later.Add(@event);
        }
        else if (part.SequenceNr == sequenceNr)
        {
            if (part.Index != decoding.Count)
            {
                throw new InvalidDataException($"part {decoding.Count} of the snapshot at {sequenceNr} is missing");
            }

            decoding.Add(Task.Run(() => Decode(part)));
        }
    }

    /// <summary>Waits for the decoding and returns the parts.</summary>
    /// <exception cref="InvalidDataException">A part cannot be decoded.</exception>
    public IReadOnlyList<IStoredState> Finish() => Task.WhenAll(decoding).GetAwaiter().GetResult();

    private static IStoredState Decode(SnapshotPart part) => SnapshotWriting.Checksum(part.Content) == part.Checksum
        ? (IStoredState)ContractsModel.Instance.Deserialize(WireTypes.Stored.Type(part.Manifest), part.Content.AsSpan())
        : throw new InvalidDataException($"part {part.Index} of the snapshot at {part.SequenceNr} does not match its checksum");
}
