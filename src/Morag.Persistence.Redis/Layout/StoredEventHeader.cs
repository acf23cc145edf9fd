namespace Morag.Persistence.Redis.Layout;

/// <summary>What can be told of a stored event without the serializer of its payload.</summary>
internal sealed record StoredEventHeader
{
    /// <summary>Number of the event; not necessarily the score under which it is stored.</summary>
    public required long SequenceNr { get; init; }

    /// <summary>Whose event it is; not necessarily the id in the key.</summary>
    public required string PersistenceId { get; init; }

    /// <summary>Manifest that an event adapter gave; empty for most events.</summary>
    public required string Manifest { get; init; }

    /// <summary>The incarnation of the actor that wrote it.</summary>
    public required string WriterGuid { get; init; }

    /// <summary>When it was written, in UTC ticks; 0 where the writer did not say.</summary>
    public required long Timestamp { get; init; }

    /// <summary>Whether a very old journal has marked it as deleted; replay leaves it out.</summary>
    public required bool IsDeleted { get; init; }

    /// <summary>The tags, where it was stored as tagged.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Which serializer wrote the payload.</summary>
    public required int SerializerId { get; init; }

    /// <summary>Manifest that this serializer gave; empty for serializers that need none.</summary>
    public required string PayloadManifest { get; init; }

    /// <summary>Bytes of the payload.</summary>
    public required int PayloadSize { get; init; }

    /// <summary>Reads all but the payload.</summary>
    /// <exception cref="FormatException">The bytes are not an event.</exception>
    public static StoredEventHeader Read(ReadOnlySpan<byte> bytes)
    {
        string persistenceId = string.Empty, manifest = string.Empty, writerGuid = string.Empty;
        long sequenceNr = 0, timestamp = 0;
        var deleted = false;
        List<string> tags = [];
        var payload = ReadOnlySpan<byte>.Empty;

        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case StoredEvent.PayloadField: payload = reader.Bytes(); break;
                case StoredEvent.SequenceNrField: sequenceNr = reader.Integer(); break;
                case StoredEvent.PersistenceIdField: persistenceId = reader.Text(); break;
                case StoredEvent.DeletedField: deleted = reader.Integer() != 0; break;
                case StoredEvent.ManifestField: manifest = reader.Text(); break;
                case StoredEvent.WriterGuidField: writerGuid = reader.Text(); break;
                case StoredEvent.TimestampField: timestamp = reader.ZigZagInteger(); break;
                case StoredEvent.TagField: tags.Add(reader.Text()); break;
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
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case Payload.SerializerIdField: serializerId = (int)reader.Integer(); break;
                case Payload.ContentField: size = reader.Bytes().Length; break;
                case Payload.ManifestField: manifest = reader.Text(); break;
                default: reader.Skip(); break;
            }
        }

        return (serializerId, manifest, size);
    }
}
