namespace Morag.Persistence.Redis.Inspection;

/// <summary>One stored event, for people.</summary>
public sealed record InspectedEvent
{
    /// <summary>The number under which it is stored.</summary>
    public required long SequenceNr { get; init; }

    /// <summary>When it was written; null where the writer did not say, or where the entry cannot be read.</summary>
    public DateTimeOffset? WrittenAt { get; init; }

    /// <summary>What its serializer calls it; null where the entry cannot be read.</summary>
    public string? Manifest { get; init; }

    /// <summary>Which serializer wrote it; null where the entry cannot be read.</summary>
    public int? SerializerId { get; init; }

    /// <summary>The incarnation of the actor that wrote it; null where the entry cannot be read.</summary>
    public string? Writer { get; init; }

    /// <summary>Its tags.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Bytes of the entry.</summary>
    public required int Size { get; init; }

    /// <summary>The event as it is stored, before any event adapter; null where it cannot be read.</summary>
    public object? Event { get; init; }

    /// <summary>Why it cannot be read; null where it can.</summary>
    public string? Unreadable { get; init; }
}

/// <summary>Some events of one persistence id, in order.</summary>
/// <param name="Events">The events.</param>
/// <param name="Next">The number to read on from; null at the end.</param>
public sealed record InspectedEventPage(IReadOnlyList<InspectedEvent> Events, long? Next);
