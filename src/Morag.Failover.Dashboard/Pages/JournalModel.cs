namespace Morag.Failover.Dashboard.Pages;

/// <summary>The persistence ids that have stored events.</summary>
public sealed record JournalModel
{
    /// <summary>The largest ones; empty unless the sizes were measured.</summary>
    public required IReadOnlyList<StoredOwner> Largest { get; init; }

    /// <summary>One page of all of them, in no order.</summary>
    public required IReadOnlyList<StoredOwner> Owners { get; init; }

    /// <summary>Where the next page begins; null if this is the last one.</summary>
    public string? Next { get; init; }

    /// <summary>The size of everything; null unless it was measured.</summary>
    public long? Bytes { get; init; }
}

/// <summary>What is stored of one owner.</summary>
/// <param name="Id">Its persistence id.</param>
/// <param name="Events">The number of stored events.</param>
/// <param name="Bytes">Their size; null if it was not measured.</param>
public sealed record StoredOwner(string Id, long Events, long? Bytes);

/// <summary>The events of one owner.</summary>
/// <param name="Id">Its persistence id.</param>
/// <param name="Events">The events of this page, oldest first.</param>
/// <param name="Next">Where the next page begins; null if this is the last one.</param>
public sealed record OwnerEventsModel(string Id, IReadOnlyList<ShownEvent> Events, string? Next);

/// <summary>A stored event.</summary>
/// <param name="SequenceNr">Its number.</param>
/// <param name="WrittenAt">When it was written; null if unknown.</param>
/// <param name="Manifest">The kind of event; null if it cannot be read.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Content">Its fields; null if it cannot be read.</param>
/// <param name="Unreadable">Why it cannot be read; null if it can.</param>
public sealed record ShownEvent(
    long SequenceNr, DateTimeOffset? WrittenAt, string? Manifest, int Size, JsonText? Content, string? Unreadable);
