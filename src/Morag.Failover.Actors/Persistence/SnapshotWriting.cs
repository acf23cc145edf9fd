using System.Buffers;
using System.IO.Hashing;
using Morag.Failover.Actors.Serialization;

namespace Morag.Failover.Actors.Persistence;

/// <summary>Encodes a snapshot in parts, one at a time, off the actor's thread.</summary>
internal sealed class SnapshotWriting(long sequenceNr, IEnumerable<IStoredState> states)
{
    private readonly IEnumerator<IStoredState> states = states.GetEnumerator();
    private readonly ArrayBufferWriter<byte> content = new();

    /// <summary>The sequence number of the last event that it covers.</summary>
    public long SequenceNr => sequenceNr;

    /// <summary>When the next part may be encoded.</summary>
    public SnapshotPace Pace { get; } = new();

    /// <summary>The number of parts encoded so far.</summary>
    public int Parts { get; private set; }

    /// <summary>Encodes the next part; null after the last one.</summary>
    public SnapshotPart? EncodeNext()
    {
        if (!states.MoveNext())
        {
            return null;
        }

        content.ResetWrittenCount();
        ContractsModel.Instance.Serialize<object>(content, states.Current);
        var bytes = content.WrittenSpan.ToArray();
        return new SnapshotPart
        {
            SequenceNr = sequenceNr,
            Index = Parts++,
            Manifest = WireTypes.Stored.Manifest(states.Current.GetType()),
            Content = bytes,
            Checksum = Checksum(bytes),
        };
    }

    /// <summary>The XXH3 checksum of a part with this content.</summary>
    public static long Checksum(byte[] content) => unchecked((long)XxHash3.HashToUInt64(content));
}
