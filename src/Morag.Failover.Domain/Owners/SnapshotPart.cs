using System.Text.Json.Serialization;

namespace Morag.Failover.Domain.Owners;

/// <summary>
/// One part of a snapshot that is too large for one value. Parts are stored between the other events of the entity's journal, so that no
/// write grows with the state. They do not change the state: recovery reassembles the snapshot from them.
/// </summary>
[ProtoContract(Name = "snapshot.part")]
public sealed record SnapshotPart : IStoredEvent
{
    /// <summary>The sequence number of the last event that the snapshot covers.</summary>
    [ProtoMember(1)] public required long SequenceNr { get; init; }

    /// <summary>The position of the part, starting at 0.</summary>
    [ProtoMember(2)] public required int Index { get; init; }

    /// <summary>The manifest of the <see cref="IStoredState"/> in <see cref="Content"/>.</summary>
    [ProtoMember(3)] public required string Manifest { get; init; }

    /// <summary>The state's records as Protobuf, at most a few hundred KiB.</summary>
    [ProtoMember(4)]
    [JsonIgnore]
    public byte[] Content { get; init; } = [];

    /// <summary>The XXH3 checksum of <see cref="Content"/>.</summary>
    [ProtoMember(5)] public required long Checksum { get; init; }
}

/// <summary>
/// A snapshot whose state is in the <see cref="SnapshotPart"/> events that follow its sequence number. Stored once the last part is.
/// </summary>
[ProtoContract(Name = "snapshot.in-parts")]
public sealed record SnapshotInParts : IStoredState
{
    /// <summary>How many parts there are, at least 2.</summary>
    [ProtoMember(1)] public required int Parts { get; init; }
}
