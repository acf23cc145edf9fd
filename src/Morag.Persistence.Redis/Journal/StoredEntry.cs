using Morag.Persistence.Redis.Layout;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>An event in Redis, with its writer.</summary>
/// <param name="Number">Sequence number under which it is stored.</param>
/// <param name="Writer">Incarnation of the actor that wrote it. Empty if unknown.</param>
/// <param name="Timestamp">When it was written, in UTC ticks. 0 if unknown.</param>
/// <param name="Bytes">Member of the sorted set.</param>
internal sealed record StoredEntry(long Number, string Writer, long Timestamp, RedisValue Bytes)
{
    /// <summary>Reads writer and timestamp, which stay unknown if the entry cannot be read.</summary>
    public static StoredEntry Read(SortedSetEntry entry)
    {
        try
        {
            var header = StoredEventHeader.Read(((ReadOnlyMemory<byte>)entry.Element).Span);
            return new StoredEntry((long)entry.Score, header.WriterGuid, header.Timestamp, entry.Element);
        }
        catch (FormatException)
        {
            return new StoredEntry((long)entry.Score, string.Empty, 0, entry.Element);
        }
    }
}
