using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Owners;
using Morag.Persistence.Redis.Inspection;

namespace Morag.Failover.Node.Http.Journal;

/// <summary>One stored event, readable.</summary>
internal sealed record JournalEvent
{
    /// <summary>The number under which it is stored.</summary>
    public required long SequenceNr { get; init; }

    /// <summary>When it was written.</summary>
    public DateTimeOffset? WrittenAt { get; init; }

    /// <summary>What kind of event it is.</summary>
    public string? Manifest { get; init; }

    /// <summary>Bytes of the entry.</summary>
    public required int Size { get; init; }

    /// <summary>The incarnation of the actor that wrote it.</summary>
    public string? Writer { get; init; }

    /// <summary>Its fields, named as everywhere in the API; of a type that is not this product's, its text.</summary>
    public JsonText? Event { get; init; }

    /// <summary>Why it cannot be read; null where it can.</summary>
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
