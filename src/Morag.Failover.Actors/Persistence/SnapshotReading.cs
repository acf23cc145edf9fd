using Morag.Failover.Actors.Serialization;

namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// A snapshot in parts that recovery is putting together. Its parts stand between events that came after the state they hold: those
/// wait until the state is whole. Parts are decoded on other threads while the journal reads on.
/// </summary>
internal sealed class SnapshotReading(long sequenceNr, int parts)
{
    private readonly List<Task<IStoredState>> decoding = new(parts);
    private readonly List<IStoredEvent> later = [];

    /// <summary>The sequence number of the last event that it covers.</summary>
    public long SequenceNr => sequenceNr;

    /// <summary>Whether every part was read.</summary>
    public bool IsComplete => decoding.Count == parts;

    /// <summary>The events after the state, oldest first.</summary>
    public IReadOnlyList<IStoredEvent> Later => later;

    /// <summary>Reads on; parts of other snapshots, whose writing was cut off or that come later, mean nothing here.</summary>
    /// <exception cref="InvalidDataException">A part is missing before this one.</exception>
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

    /// <summary>The parts, once all are decoded.</summary>
    /// <exception cref="InvalidDataException">A part cannot be read.</exception>
    public IReadOnlyList<IStoredState> Finish() => Task.WhenAll(decoding).GetAwaiter().GetResult();

    private static IStoredState Decode(SnapshotPart part) => SnapshotWriting.Checksum(part.Content) == part.Checksum
        ? (IStoredState)ContractsModel.Instance.Deserialize(WireTypes.Stored.Type(part.Manifest), part.Content.AsSpan())
        : throw new InvalidDataException($"part {part.Index} of the snapshot at {part.SequenceNr} does not match its checksum");
}
