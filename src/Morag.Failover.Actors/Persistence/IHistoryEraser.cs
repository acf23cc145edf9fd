namespace Morag.Failover.Actors.Persistence;

/// <summary>Removes what is stored of an entity that is forgotten.</summary>
public interface IHistoryEraser
{
    /// <summary>
    /// Removes the events, the snapshots and the highest sequence number of an entity that does not write any more, all at once: a crash
    /// must not leave a part of it. Fails if it is not certain that they are gone; then it is repeated.
    /// </summary>
    Task EraseAsync(string persistenceId);
}
