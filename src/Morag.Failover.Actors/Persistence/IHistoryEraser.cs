namespace Morag.Failover.Actors.Persistence;

/// <summary>Deletes the stored history of an entity that is forgotten.</summary>
public interface IHistoryEraser
{
    /// <summary>
    /// Atomically deletes the events, the snapshots and the highest sequence number of an entity that has stopped writing. Throws if it is
    /// not certain that they are deleted; the caller then repeats it.
    /// </summary>
    /// <param name="persistenceId">The persistence id of the entity.</param>
    /// <param name="sequenceNr">
    /// Its highest sequence number as its last run knows it, 0 or more. If the stored number differs, the entity has written elsewhere
    /// since: nothing is deleted, and the call throws. </param>
    Task EraseAsync(string persistenceId, long sequenceNr);
}
