using Morag.Persistence.Redis.Layout;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>An event as it lies in Redis, with what tells who has written it.</summary>
/// <param name="Number">The number under which it is stored.</param>
/// <param name="Writer">The incarnation of the actor that wrote it; empty if that is not known.</param>
/// <param name="Timestamp">When it was written, in UTC ticks; 0 if that is not known.</param>
/// <param name="Bytes">The member of the sorted set.</param>
internal sealed record StoredEntry(long Number, string Writer, long Timestamp, RedisValue Bytes)
{
    /// <summary>Reads writer and time. An entry that cannot be read has neither.</summary>
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
