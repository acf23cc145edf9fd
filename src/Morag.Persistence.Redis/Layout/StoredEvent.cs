using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace Morag.Persistence.Redis.Layout;

/// <summary>One event as it is stored: the envelope of Akka.Persistence, which also the package Akka.Persistence.Redis writes.</summary>
internal static class StoredEvent
{
    private const int PayloadField = 1;
    private const int SequenceNrField = 2;
    private const int PersistenceIdField = 3;
    private const int DeletedField = 4;
    private const int SenderField = 11;
    private const int ManifestField = 12;
    private const int WriterGuidField = 13;
    private const int TimestampField = 14;

    // Ours, and only there for events that were tagged; other readers skip it. Far from the envelope's own numbers.
    private const int TagField = 1001;

    /// <summary>Encodes an event. The tags of a <see cref="Tagged"/> one are kept beside it.</summary>
    public static byte[] Encode(ExtendedActorSystem system, IPersistentRepresentation representation, long timestamp)
    {
        var tagged = representation.Payload as Tagged?;
        var payload = Payload.Serialize(system, tagged?.Payload ?? representation.Payload);
        var sender = representation.Sender is null or Nobody ? null : Akka.Serialization.Serialization.SerializedActorPath(representation.Sender);

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

    /// <summary>Decodes an event; a tagged one comes back without its tags, as it was before it was tagged.</summary>
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
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case PayloadField: payload = reader.Bytes(); break;
                case SequenceNrField: sequenceNr = reader.Integer(); break;
                case PersistenceIdField: persistenceId = reader.Text(); break;
                case DeletedField: deleted = reader.Integer() != 0; break;
                case SenderField: sender = system.Provider.ResolveActorRef(reader.Text()); break;
                case ManifestField: manifest = reader.Text(); break;
                case WriterGuidField: writerGuid = reader.Text(); break;
                case TimestampField: timestamp = reader.ZigZagInteger(); break;
                default: reader.Skip(); break;
            }
        }

        if (payload.IsEmpty || sequenceNr <= 0)
            throw new FormatException("Not an event: payload or sequence number is missing.");

        return new Persistent(Payload.Deserialize(system, payload), sequenceNr, persistenceId, manifest, deleted, sender, writerGuid, timestamp);
    }

    /// <summary>The tags of an event that was stored as <see cref="Tagged"/>; none otherwise.</summary>
    public static IReadOnlyList<string> Tags(ReadOnlySpan<byte> bytes)
    {
        var tags = new List<string>();
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            if (reader.Field == TagField) tags.Add(reader.Text());
            else reader.Skip();
        }

        return tags;
    }

    /// <summary>Only the sequence number of an event.</summary>
    /// <exception cref="FormatException">The bytes are not an event.</exception>
    public static long SequenceNr(ReadOnlySpan<byte> bytes)
    {
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            if (reader.Field == SequenceNrField) return reader.Integer();
            reader.Skip();
        }

        throw new FormatException("Not an event: the sequence number is missing.");
    }
}
