namespace Morag.Persistence.Redis.Layout;

/// <summary>The fields of a stored event that can be read without the serializer of its payload.</summary>
internal sealed record StoredEventHeader
{
    /// <summary>Sequence number of the event. A damaged entry may be stored under another score.</summary>
    public required long SequenceNr { get; init; }

    /// <summary>Persistence id of the event. A damaged entry may be stored under another key.</summary>
    public required string PersistenceId { get; init; }

    /// <summary>Manifest of an event adapter. Empty for most events.</summary>
    public required string Manifest { get; init; }

    /// <summary>Incarnation of the actor that wrote the event.</summary>
    public required string WriterGuid { get; init; }

    /// <summary>When the event was written, in UTC ticks. 0 if its writer stored no time.</summary>
    public required long Timestamp { get; init; }

    /// <summary>Whether a very old journal has marked the event as deleted. Replay omits it.</summary>
    public required bool IsDeleted { get; init; }

    /// <summary>Tags of the event.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Id of the serializer that wrote the payload.</summary>
    public required int SerializerId { get; init; }

    /// <summary>Manifest of this serializer. Empty for serializers without manifests.</summary>
    public required string PayloadManifest { get; init; }

    /// <summary>Size of the payload in bytes.</summary>
    public required int PayloadSize { get; init; }

    /// <summary>Reads all fields except the payload.</summary>
    /// <exception cref="FormatException">The bytes are not an event.</exception>
    public static StoredEventHeader Read(ReadOnlySpan<byte> bytes)
    {
        string persistenceId = string.Empty, manifest = string.Empty, writerGuid = string.Empty;
        long sequenceNr = 0, timestamp = 0;
        var deleted = false;
        List<string> tags = [];
        var payload = ReadOnlySpan<byte>.Empty;

        var reader = new ProtobufReader(bytes);
        while (reader.ReadField())
        {
            switch (reader.Field)
            {
                case StoredEvent.PayloadField: payload = reader.ReadBytes(); break;
                case StoredEvent.SequenceNrField: sequenceNr = reader.ReadInteger(); break;
                case StoredEvent.PersistenceIdField: persistenceId = reader.ReadText(); break;
                case StoredEvent.DeletedField: deleted = reader.ReadInteger() != 0; break;
                case StoredEvent.ManifestField: manifest = reader.ReadText(); break;
                case StoredEvent.WriterGuidField: writerGuid = reader.ReadText(); break;
                case StoredEvent.TimestampField: timestamp = reader.ReadZigZagInteger(); break;
                case StoredEvent.TagField: tags.Add(reader.ReadText()); break;
                default: reader.Skip(); break;
            }
        }

        if (payload.IsEmpty || sequenceNr <= 0)
            throw StoredEvent.NotAnEvent();

        var (serializerId, payloadManifest, payloadSize) = ReadPayload(payload);
        return new StoredEventHeader
        {
            SequenceNr = sequenceNr,
            PersistenceId = persistenceId,
            Manifest = manifest,
            WriterGuid = writerGuid,
            Timestamp = timestamp,
            IsDeleted = deleted,
            Tags = tags,
            SerializerId = serializerId,
            PayloadManifest = payloadManifest,
            PayloadSize = payloadSize,
        };
    }

    private static (int SerializerId, string Manifest, int Size) ReadPayload(ReadOnlySpan<byte> payload)
    {
        var serializerId = 0;
        var manifest = string.Empty;
        var size = 0;
        var reader = new ProtobufReader(payload);
        while (reader.ReadField())
        {
            switch (reader.Field)
            {
                case Payload.SerializerIdField: serializerId = (int)reader.ReadInteger(); break;
                case Payload.ContentField: size = reader.ReadBytes().Length; break;
                case Payload.ManifestField: manifest = reader.ReadText(); break;
                default: reader.Skip(); break;
            }
        }

        return (serializerId, manifest, size);
    }
}
