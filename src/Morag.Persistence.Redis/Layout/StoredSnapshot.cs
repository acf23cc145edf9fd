using Akka.Actor;
using Akka.Persistence;

namespace Morag.Persistence.Redis.Layout;

/// <summary>The stored form of a snapshot, which is also that of the package Akka.Persistence.Redis.</summary>
internal static class StoredSnapshot
{
    private const int PersistenceIdField = 1;
    private const int SequenceNrField = 2;
    private const int TimestampField = 3;
    private const int PayloadField = 4;

    private const int SecondsField = 1;
    private const int NanosecondsField = 2;

    /// <summary>Encodes a snapshot. Its time is stored as UTC.</summary>
    public static byte[] Encode(ExtendedActorSystem system, SnapshotMetadata metadata, object snapshot)
    {
        var ticks = ToUtc(metadata.Timestamp).Ticks - DateTime.UnixEpoch.Ticks;
        var (seconds, remainder) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        // Nanoseconds count forward from the second, even before 1970.
        if (remainder < 0) (seconds, remainder) = (seconds - 1, remainder + TimeSpan.TicksPerSecond);
        var nanoseconds = remainder * TimeSpan.NanosecondsPerTick;
        var payload = Payload.Serialize(system, snapshot);
        var timestampSize = ProtobufWriter.SizeOfField(SecondsField, seconds) + ProtobufWriter.SizeOfField(NanosecondsField, nanoseconds);

        var bytes = new byte[ProtobufWriter.SizeOfField(PersistenceIdField, metadata.PersistenceId)
            + ProtobufWriter.SizeOfField(SequenceNrField, metadata.SequenceNr)
            + ProtobufWriter.SizeOfBytes(TimestampField, timestampSize)
            + ProtobufWriter.SizeOfBytes(PayloadField, payload.Size)];
        var writer = new ProtobufWriter(bytes);
        writer.WriteField(PersistenceIdField, metadata.PersistenceId);
        writer.WriteField(SequenceNrField, metadata.SequenceNr);
        writer.WriteLength(TimestampField, timestampSize);
        writer.WriteField(SecondsField, seconds);
        writer.WriteField(NanosecondsField, nanoseconds);
        payload.Write(ref writer, PayloadField);
        return bytes;
    }

    /// <summary>Decodes the metadata of a snapshot.</summary>
    /// <exception cref="FormatException">The bytes are not a snapshot.</exception>
    public static SnapshotMetadata DecodeMetadata(ReadOnlySpan<byte> bytes) => Read(bytes, out _);

    /// <summary>Decodes a snapshot.</summary>
    /// <exception cref="FormatException">The bytes are not a snapshot.</exception>
    public static SelectedSnapshot Decode(ExtendedActorSystem system, ReadOnlySpan<byte> bytes)
    {
        var metadata = Read(bytes, out var payload);
        return new SelectedSnapshot(metadata, Payload.Deserialize(system, payload));
    }

    /// <summary>Converts a time to UTC. A time without a zone counts as UTC.</summary>
    public static DateTime ToUtc(DateTime time)
        => time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : DateTime.SpecifyKind(time, DateTimeKind.Utc);

    private static SnapshotMetadata Read(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> payload)
    {
        payload = [];
        string? persistenceId = null;
        long sequenceNr = 0;
        var timestamp = DateTime.UnixEpoch;

        var reader = new ProtobufReader(bytes);
        while (reader.ReadField())
        {
            switch (reader.Field)
            {
                case PersistenceIdField: persistenceId = reader.ReadText(); break;
                case SequenceNrField: sequenceNr = reader.ReadInteger(); break;
                case TimestampField: timestamp = ReadTimestamp(reader.ReadBytes()); break;
                case PayloadField: payload = reader.ReadBytes(); break;
                default: reader.Skip(); break;
            }
        }

        if (persistenceId is null || payload.IsEmpty)
            throw new FormatException("Not a snapshot: the persistence id or the payload is missing.");
        return new SnapshotMetadata(persistenceId, sequenceNr, timestamp);
    }

    private static DateTime ReadTimestamp(ReadOnlySpan<byte> bytes)
    {
        long seconds = 0, nanoseconds = 0;
        var reader = new ProtobufReader(bytes);
        while (reader.ReadField())
        {
            switch (reader.Field)
            {
                case SecondsField: seconds = reader.ReadInteger(); break;
                case NanosecondsField: nanoseconds = reader.ReadInteger(); break;
                default: reader.Skip(); break;
            }
        }

        return DateTime.UnixEpoch.AddTicks(seconds * TimeSpan.TicksPerSecond + nanoseconds / TimeSpan.NanosecondsPerTick);
    }
}
