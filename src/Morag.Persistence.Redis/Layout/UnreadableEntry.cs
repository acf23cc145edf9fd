using System.Globalization;
using System.Runtime.Serialization;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Layout;

/// <summary>Creates the exceptions for entries that cannot be decoded. They name the key and the sequence number.</summary>
internal static class UnreadableEntry
{
    public static SerializationException Event(RedisKey key, double sequenceNr, Exception cause) => Create("event", key, sequenceNr, cause);

    public static SerializationException Snapshot(RedisKey key, double sequenceNr, Exception cause)
        => Create("snapshot", key, sequenceNr, cause);

    private static SerializationException Create(string kind, RedisKey key, double sequenceNr, Exception cause)
    {
        var number = sequenceNr.ToString(CultureInfo.InvariantCulture);
        return new SerializationException(
            $"The {kind} with sequence number {number} in the key \"{key}\" cannot be read: {cause.Message}", cause);
    }
}
