using System.Globalization;
using Morag.Failover.Contracts.Audit;

namespace Morag.Failover.Domain.Audit;

/// <summary>An event of an operator's action. It carries the audit entry, so that both are stored in one write.</summary>
public interface IAudited
{
    /// <summary>The entry, without its id; null if the event has another cause.</summary>
    AuditEntry? Audit { get; }
}

/// <summary>
/// The audit entries that an owner has stored and no coordinator has confirmed yet. Part of the owner's state, so a crash loses none.
/// </summary>
public sealed record AuditOutbox
{
    /// <summary>The most entries that wait in a queue partition. Beyond it the oldest are dropped, so that memory stays bounded.</summary>
    public const int MostOfQueue = 1_000;

    /// <summary>The most entries that wait in a worker's entity, whose snapshot is one value.</summary>
    public const int MostOfWorker = 100;

    /// <summary>No entries.</summary>
    public static readonly AuditOutbox Empty = new();

    private const int MostInOneMessage = 200;

    /// <summary>The number of the last entry.</summary>
    public long Last { get; init; }

    /// <summary>The entries, oldest first.</summary>
    public ImmutableArray<OwedAudit> Owed { get; init; } = [];

    /// <summary>Adds the entry of an event, if it has one, and keeps at most <paramref name="most"/>.</summary>
    public AuditOutbox After(IStoredEvent @event, int most)
    {
        if (@event is not IAudited { Audit: { } entry })
        {
            return this;
        }

        var kept = Owed.Length < most ? Owed : Owed.RemoveAt(0);
        return new AuditOutbox { Last = Last + 1, Owed = kept.Add(new OwedAudit { Number = Last + 1, Entry = entry }) };
    }

    /// <summary>Whether an entry with this number or a lower one waits.</summary>
    public bool Owes(long upTo) => Owed is [var first, ..] && first.Number <= upTo;

    /// <summary>Removes the entries that a coordinator has stored.</summary>
    public AuditOutbox Without(long upTo) => this with { Owed = Owed.RemoveAll(owed => owed.Number <= upTo) };

    /// <summary>The message with the oldest entries; null if nothing is owed.</summary>
    /// <param name="owner">The owner, by its persistence id.</param>
    /// <param name="coordinators">The number of coordinators. All entries of an owner go to the same one.</param>
    public RecordAudit? Message(string owner, int coordinators)
    {
        if (Owed.IsEmpty)
        {
            return null;
        }

        var first = Owed.Length > MostInOneMessage ? Owed[..MostInOneMessage] : Owed;
        return new RecordAudit
        {
            Partition = Partitioning.Partition.OfOwner(owner, coordinators),
            UpTo = first[^1].Number,
            Entries =
            [
                .. first.Select(owed => owed.Entry with { Id = string.Create(CultureInfo.InvariantCulture, $"{owner}:{owed.Number}") }),
            ],
        };
    }
}

/// <summary>An audit entry that no coordinator has confirmed yet.</summary>
[ProtoContract]
public sealed record OwedAudit
{
    [ProtoMember(1)] public required long Number { get; init; }
    [ProtoMember(2)] public required AuditEntry Entry { get; init; }
}

/// <summary>Hands audit entries to a coordinator, which lists them. Sent until it answers <see cref="AuditRecorded"/>.</summary>
[ProtoContract(Name = "record-audit")]
public sealed record RecordAudit : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The number of the last entry.</summary>
    [ProtoMember(2)] public required long UpTo { get; init; }

    [ProtoMember(3)] public ImmutableArray<AuditEntry> Entries { get; init; } = [];
}

/// <summary>A coordinator has stored the audit entries of an owner.</summary>
[ProtoContract(Name = "audit-recorded")]
public sealed record AuditRecorded : IWireMessage
{
    [ProtoMember(1)] public required long UpTo { get; init; }
}
