using Akka.Actor;

namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// Asks the journal to delete the events, the highest sequence number and the snapshots of a persistence id in one step. The journal
/// replies with <see cref="HistoryErased"/> or a <see cref="Status.Failure"/>. No actor with this id may be running.
/// </summary>
/// <param name="PersistenceId">The persistence id.</param>
/// <param name="SequenceNr">The expected highest sequence number.</param>
internal sealed record EraseHistory(string PersistenceId, long SequenceNr) : INoSerializationVerificationNeeded;

/// <summary>Nothing is stored for the persistence id.</summary>
internal sealed class HistoryErased : INoSerializationVerificationNeeded
{
    public static readonly HistoryErased Instance = new();
}
