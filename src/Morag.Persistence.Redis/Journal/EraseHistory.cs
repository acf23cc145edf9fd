using Akka.Actor;

namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// Asks the journal to remove the events, the highest sequence number and the snapshots of a persistence id, all at once. Answer:
/// <see cref="HistoryErased"/>, or a <see cref="Status.Failure"/>. Nothing may write under the id meanwhile.
/// </summary>
/// <param name="PersistenceId">The id.</param>
/// <param name="SequenceNr">What its highest sequence number has to be.</param>
internal sealed record EraseHistory(string PersistenceId, long SequenceNr) : INoSerializationVerificationNeeded;

/// <summary>Nothing is stored of a persistence id.</summary>
internal sealed class HistoryErased : INoSerializationVerificationNeeded
{
    public static readonly HistoryErased Instance = new();
}
