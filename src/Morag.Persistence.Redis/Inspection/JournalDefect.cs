namespace Morag.Persistence.Redis.Inspection;

/// <summary>Kinds of defects in stored data.</summary>
public enum DefectKind
{
    /// <summary>Sequence numbers between or after the stored events have no event: a write was rejected, or events were lost.</summary>
    Gap = 0,

    /// <summary>
    /// A sequence number has more than one event: two writers used another journal, or redis-server was killed during a write and has
    /// restarted twice since. The next recovery removes the events of the failed write, or fails if it cannot identify them.
    /// </summary>
    Duplicate = 1,

    /// <summary>The sequence number in an entry differs from the one under which it is stored.</summary>
    WrongSequence = 2,

    /// <summary>The persistence id in an entry differs from the one in its key.</summary>
    WrongPersistenceId = 3,

    /// <summary>An entry cannot be read. The actor cannot recover.</summary>
    Unreadable = 4,

    /// <summary>
    /// The stored highest sequence number is missing or too low: a crash, or a log truncated in its last record, has kept the events of a
    /// write but not the number. No event is missing, recovery reads all of them, and the next write corrects the number.
    /// </summary>
    HighestBehind = 5,
}

/// <summary>A defect in the stored data of a persistence id.</summary>
/// <param name="PersistenceId">The persistence id.</param>
/// <param name="Key">The key in Redis.</param>
/// <param name="SequenceNr">Sequence number of the entry, or the first of several. Null if the defect concerns the whole key.</param>
/// <param name="Kind">Kind of the defect.</param>
/// <param name="Detail">Description for an operator.</param>
public sealed record JournalDefect(string PersistenceId, string Key, long? SequenceNr, DefectKind Kind, string Detail)
{
    /// <summary>Whether events are, or may be, missing or unreadable. If false, nothing needs to be done.</summary>
    public bool Matters => Kind switch
    {
        DefectKind.Gap or DefectKind.Duplicate or DefectKind.Unreadable => true,
        DefectKind.WrongSequence or DefectKind.WrongPersistenceId => true,
        DefectKind.HighestBehind => false,
        _ => throw new InvalidOperationException("The kind of this defect is unknown."),
    };
}
