namespace Morag.Persistence.Redis.Query;

/// <summary>
/// Redis has lost events that a live query has already returned: it failed over to a replica that lagged behind, lost power, or was
/// restored from a backup. Whatever was derived from those events is ahead of the journal and must be rebuilt.
/// </summary>
/// <param name="persistenceId">Persistence id of the query.</param>
/// <param name="seen">The highest sequence number that the query has seen.</param>
/// <param name="highest">The highest sequence number that is stored now.</param>
public sealed class JournalRewoundException(string persistenceId, long seen, long highest)
    : InvalidOperationException(
        $"The highest sequence number of \"{persistenceId}\" was {seen} and is now {highest}: Redis has lost events that this query has "
        + "returned. Rebuild what was derived from them.")
{
    /// <summary>Persistence id of the query.</summary>
    public string PersistenceId { get; } = persistenceId;

    /// <summary>The highest sequence number that the query has seen.</summary>
    public long Seen { get; } = seen;

    /// <summary>The highest sequence number that is stored now.</summary>
    public long Highest { get; } = highest;
}
