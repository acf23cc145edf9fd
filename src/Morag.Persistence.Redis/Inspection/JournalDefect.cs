namespace Morag.Persistence.Redis.Inspection;

/// <summary>What can be wrong with what is stored.</summary>
public enum DefectKind
{
    /// <summary>Numbers between stored events, or behind them, have no event: a write was rejected, or events were lost.</summary>
    Gap,

    /// <summary>
    /// A number has more than one event: two writers through another journal, or redis-server was killed during a write and has restarted
    /// twice since. The next recovery removes the events of the failed write, or fails if the journal does not prove which they are.
    /// </summary>
    Duplicate,

    /// <summary>The number in an entry is not the one under which it is stored.</summary>
    WrongSequence,

    /// <summary>The persistence id in an entry is not the one in its key.</summary>
    WrongPersistenceId,

    /// <summary>An entry cannot be read: the actor cannot recover.</summary>
    Unreadable,

    /// <summary>
    /// The stored highest number is missing or too low: a crash, or a log that was cut in its last record, has kept the events of a write,
    /// but not its number. No event is missing, recovery reads them all, and the next write corrects the number.
    /// </summary>
    HighestBehind,
}

/// <summary>Something that is wrong with what is stored of one persistence id.</summary>
/// <param name="PersistenceId">The id.</param>
/// <param name="Key">The key in Redis.</param>
/// <param name="SequenceNr">The number of the entry, or the first of several; null where it is about the whole key.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="Detail">The same in words.</param>
public sealed record JournalDefect(string PersistenceId, string Key, long? SequenceNr, DefectKind Kind, string Detail)
{
    /// <summary>Whether events are missing or cannot be read, or may be. Where it is false, nothing has to be done.</summary>
    public bool Matters => Kind switch
    {
        DefectKind.Gap or DefectKind.Duplicate or DefectKind.WrongSequence or DefectKind.WrongPersistenceId or DefectKind.Unreadable => true,
        DefectKind.HighestBehind => false,
        _ => throw new InvalidOperationException("It is not known whether a defect of this kind matters."),
    };
}
