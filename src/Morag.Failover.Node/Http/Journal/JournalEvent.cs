using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Owners;
using Morag.Persistence.Redis.Inspection;

namespace Morag.Failover.Node.Http.Journal;

/// <summary>One stored event, decoded.</summary>
internal sealed record JournalEvent
{
    /// <summary>The sequence number.</summary>
    public required long SequenceNr { get; init; }

    /// <summary>The time of the write.</summary>
    public DateTimeOffset? WrittenAt { get; init; }

    /// <summary>The manifest, which names the kind of event.</summary>
    public string? Manifest { get; init; }

    /// <summary>The size of the entry in bytes.</summary>
    public required int Size { get; init; }

    /// <summary>The incarnation of the actor that wrote it.</summary>
    public string? Writer { get; init; }

    /// <summary>The fields of the event, with the names that the API uses; for a foreign type, its text.</summary>
    public JsonText? Event { get; init; }

    /// <summary>Why the event cannot be decoded; null if it can.</summary>
    public string? Unreadable { get; init; }

    public static JournalEvent Of(InspectedEvent stored) => new()
    {
        SequenceNr = stored.SequenceNr,
        WrittenAt = stored.WrittenAt,
        Manifest = stored.Manifest,
        Size = stored.Size,
        Writer = stored.Writer,
        Event = stored.Event switch
        {
            null => null,
            IStoredEvent known => JsonText.Trusted(JsonSerializer.Serialize(known, known.GetType(), ContractsJson.Options)),
            var other => JsonText.Of(other.ToString()),
        },
        Unreadable = stored.Unreadable,
    };
}
