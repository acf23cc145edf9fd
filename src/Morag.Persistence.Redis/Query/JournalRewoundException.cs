namespace Morag.Persistence.Redis.Query;

/// <summary>
/// Redis has lost events that a live query has already seen: it failed over to a replica that was behind, lost power, or was
/// restored from a backup. What was made from those events is ahead of the journal and has to be made anew.
/// </summary>
/// <param name="persistenceId">The id whose events are read.</param>
/// <param name="seen">The highest sequence number that the query has seen.</param>
/// <param name="highest">The highest sequence number that is stored now.</param>
public sealed class JournalRewoundException(string persistenceId, long seen, long highest)
    : InvalidOperationException($"The highest sequence number of \"{persistenceId}\" was {seen} and is {highest} now: Redis has lost events that this query has seen.")
{
    /// <summary>The id whose events are read.</summary>
    public string PersistenceId { get; } = persistenceId;

    /// <summary>The highest sequence number that the query has seen.</summary>
    public long Seen { get; } = seen;

    /// <summary>The highest sequence number that is stored now.</summary>
    public long Highest { get; } = highest;
}
