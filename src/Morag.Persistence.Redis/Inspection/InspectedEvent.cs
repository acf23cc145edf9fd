namespace Morag.Persistence.Redis.Inspection;

/// <summary>A stored event in readable form.</summary>
public sealed record InspectedEvent
{
    /// <summary>Sequence number under which the event is stored.</summary>
    public required long SequenceNr { get; init; }

    /// <summary>When the event was written. Null if its writer stored no time, or if the entry cannot be read.</summary>
    public DateTimeOffset? WrittenAt { get; init; }

    /// <summary>The serializer's manifest. Null if the entry cannot be read.</summary>
    public string? Manifest { get; init; }

    /// <summary>Id of the serializer that wrote the event. Null if the entry cannot be read.</summary>
    public int? SerializerId { get; init; }

    /// <summary>Incarnation of the actor that wrote the event. Null if the entry cannot be read.</summary>
    public string? Writer { get; init; }

    /// <summary>Tags of the event.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Size of the stored entry, in bytes.</summary>
    public required int Size { get; init; }

    /// <summary>The event as it is stored, before any event adapter. Null if it cannot be read.</summary>
    public object? Event { get; init; }

    /// <summary>Why the event cannot be read. Null if it can.</summary>
    public string? Unreadable { get; init; }
}

/// <summary>A page of the events of one persistence id, in the order of their sequence numbers.</summary>
/// <param name="Events">The events.</param>
/// <param name="Next">The sequence number at which the next page begins. Null if this is the last page.</param>
public sealed record InspectedEventPage(IReadOnlyList<InspectedEvent> Events, long? Next);
