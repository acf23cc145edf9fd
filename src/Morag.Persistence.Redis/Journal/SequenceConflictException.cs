namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// A write was not stored, because it does not continue what is stored: somebody else has written events of the same
/// persistence id, or Redis has lost some. The actor has to be stopped and to recover.
/// </summary>
/// <param name="persistenceId">The id that was written to.</param>
/// <param name="first">Sequence number of the first event of the write.</param>
/// <param name="highest">Highest sequence number that is stored.</param>
public sealed class SequenceConflictException(string persistenceId, long first, long highest)
    : InvalidOperationException($"The event {first} of \"{persistenceId}\" was not stored: the highest stored sequence number is {highest}. {Cause(first, highest)}")
{
    /// <summary>The id that was written to.</summary>
    public string PersistenceId { get; } = persistenceId;

    /// <summary>Sequence number of the first event of the write.</summary>
    public long First { get; } = first;

    /// <summary>Highest sequence number that is stored.</summary>
    public long Highest { get; } = highest;

    private static string Cause(long first, long highest) => highest < first
        ? "Redis has lost events that it had acknowledged (it failed over to a replica that lagged behind, or was killed before it wrote to disk)."
        : "Two actors with this persistence id are running, or were.";
}
