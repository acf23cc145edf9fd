namespace Morag.Failover.Actors.Persistence;

/// <summary>Removes what is stored of an entity that is forgotten.</summary>
public interface IHistoryEraser
{
    /// <summary>
    /// Removes the events, the snapshots and the highest sequence number of an entity that does not write any more, all at once: a crash
    /// must not leave a part of it. Fails if it is not certain that they are gone; then it is repeated.
    /// </summary>
    /// <param name="persistenceId">The entity.</param>
    /// <param name="sequenceNr">
    /// Its highest sequence number as its last run knows it, 0 or more. If the stored one differs, the entity has written elsewhere since:
    /// nothing is removed, and the call fails.
    /// </param>
    Task EraseAsync(string persistenceId, long sequenceNr);
}
