namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// A write was not stored because it does not continue the stored events: another actor has written events under the same persistence id,
/// or Redis has lost some. The actor must stop and recover.
/// </summary>
/// <param name="persistenceId">Persistence id of the write.</param>
/// <param name="first">Sequence number of the first event of the write.</param>
/// <param name="highest">The highest stored sequence number.</param>
public sealed class SequenceConflictException(string persistenceId, long first, long highest)
    : InvalidOperationException(
        $"Event {first} of \"{persistenceId}\" was not stored: the highest stored sequence number is {highest}. {Cause(first, highest)}")
{
    /// <summary>Persistence id of the write.</summary>
    public string PersistenceId { get; } = persistenceId;

    /// <summary>Sequence number of the first event of the write.</summary>
    public long First { get; } = first;

    /// <summary>The highest stored sequence number.</summary>
    public long Highest { get; } = highest;

    private static string Cause(long first, long highest) => highest < first
        ? "Redis has lost events that it had acknowledged: it failed over to a replica that lagged behind, or was killed before it wrote "
            + "them to disk."
        : "Two actors with this persistence id are running, or have been.";
}
