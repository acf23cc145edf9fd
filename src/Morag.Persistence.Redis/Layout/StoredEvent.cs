using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace Morag.Persistence.Redis.Layout;

/// <summary>The stored form of an event: the envelope of Akka.Persistence, which the package Akka.Persistence.Redis also writes.</summary>
internal static class StoredEvent
{
    internal const int PayloadField = 1;
    internal const int SequenceNrField = 2;
    internal const int PersistenceIdField = 3;
    internal const int DeletedField = 4;
    internal const int SenderField = 11;
    internal const int ManifestField = 12;
    internal const int WriterGuidField = 13;
    internal const int TimestampField = 14;

    // An extension of this package, for tagged events only. Other readers skip it. Its number is far from those of the envelope.
    internal const int TagField = 1001;

    /// <summary>Encodes an event. The tags of a <see cref="Tagged"/> event are stored in a separate field.</summary>
    public static byte[] Encode(ExtendedActorSystem system, IPersistentRepresentation representation, long timestamp)
    {
        var tagged = representation.Payload as Tagged?;
        var payload = Payload.Serialize(system, tagged?.Payload ?? representation.Payload);
        var sender = representation.Sender is null or Nobody
            ? null
            : Akka.Serialization.Serialization.SerializedActorPath(representation.Sender);

        var size = ProtobufWriter.SizeOfBytes(PayloadField, payload.Size)
            + ProtobufWriter.SizeOfField(SequenceNrField, representation.SequenceNr)
            + ProtobufWriter.SizeOfField(PersistenceIdField, representation.PersistenceId)
            + ProtobufWriter.SizeOfField(DeletedField, representation.IsDeleted ? 1 : 0)
            + ProtobufWriter.SizeOfField(SenderField, sender)
            + ProtobufWriter.SizeOfField(ManifestField, representation.Manifest)
            + ProtobufWriter.SizeOfField(WriterGuidField, representation.WriterGuid)
            + ProtobufWriter.SizeOfField(TimestampField, ProtobufWriter.ZigZag(timestamp));
        if (tagged is { } sized)
            size += sized.Tags.Sum(static tag => ProtobufWriter.SizeOfField(TagField, tag));

        var bytes = new byte[size];
        var writer = new ProtobufWriter(bytes);
        payload.Write(ref writer, PayloadField);
        writer.WriteField(SequenceNrField, representation.SequenceNr);
        writer.WriteField(PersistenceIdField, representation.PersistenceId);
        writer.WriteField(DeletedField, representation.IsDeleted ? 1 : 0);
        writer.WriteField(SenderField, sender);
        writer.WriteField(ManifestField, representation.Manifest);
        writer.WriteField(WriterGuidField, representation.WriterGuid);
        writer.WriteField(TimestampField, ProtobufWriter.ZigZag(timestamp));
        if (tagged is { } written)
        {
            foreach (var tag in written.Tags.Order(StringComparer.Ordinal))
                writer.WriteField(TagField, tag);
        }

        return bytes;
    }

    /// <summary>Decodes an event. A tagged event is returned without its tags.</summary>
    /// <exception cref="FormatException">The bytes are not an event.</exception>
    public static Persistent Decode(ExtendedActorSystem system, ReadOnlySpan<byte> bytes)
    {
        var payload = ReadOnlySpan<byte>.Empty;
        var persistenceId = string.Empty;
        var manifest = string.Empty;
        var writerGuid = string.Empty;
        long sequenceNr = 0, timestamp = 0;
        var deleted = false;
        var sender = ActorRefs.NoSender;

        var reader = new ProtobufReader(bytes);
        while (reader.ReadField())
        {
            switch (reader.Field)
            {
                case PayloadField: payload = reader.ReadBytes(); break;
                case SequenceNrField: sequenceNr = reader.ReadInteger(); break;
                case PersistenceIdField: persistenceId = reader.ReadText(); break;
                case DeletedField: deleted = reader.ReadInteger() != 0; break;
                case SenderField: sender = system.Provider.ResolveActorRef(reader.ReadText()); break;
                case ManifestField: manifest = reader.ReadText(); break;
                case WriterGuidField: writerGuid = reader.ReadText(); break;
                case TimestampField: timestamp = reader.ReadZigZagInteger(); break;
                default: reader.Skip(); break;
            }
        }

        if (payload.IsEmpty || sequenceNr <= 0)
            throw NotAnEvent();

        return new Persistent(
            Payload.Deserialize(system, payload), sequenceNr, persistenceId, manifest, deleted, sender, writerGuid, timestamp);
    }

    /// <summary>The exception for bytes without the mandatory fields of an event.</summary>
    public static FormatException NotAnEvent() => new("Not an event: the payload or the sequence number is missing.");
}
