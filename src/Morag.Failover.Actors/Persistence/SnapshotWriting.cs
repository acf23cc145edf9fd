using System.Buffers;
using System.IO.Hashing;
using Morag.Failover.Actors.Serialization;

namespace Morag.Failover.Actors.Persistence;

/// <summary>A snapshot that is being written in parts. Its parts are made and encoded one at a time, off the actor's thread.</summary>
internal sealed class SnapshotWriting(long sequenceNr, IEnumerable<IStoredState> states)
{
    private readonly IEnumerator<IStoredState> states = states.GetEnumerator();
    private readonly ArrayBufferWriter<byte> content = new();

    /// <summary>The sequence number of the last event that it covers.</summary>
    public long SequenceNr => sequenceNr;

    /// <summary>When the next part may be encoded.</summary>
    public SnapshotPace Pace { get; } = new();

    /// <summary>How many parts were encoded so far.</summary>
    public int Parts { get; private set; }

    /// <summary>The next part; null after the last.</summary>
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

    /// <summary>The checksum that a part with this content carries.</summary>
    public static long Checksum(byte[] content) => unchecked((long)XxHash3.HashToUInt64(content));
}
