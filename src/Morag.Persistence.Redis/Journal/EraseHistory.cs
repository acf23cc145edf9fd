using Akka.Actor;

namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// Asks the journal to remove the events, the highest sequence number and the snapshots of a persistence id, all at once. Answer:
/// <see cref="HistoryErased"/>, or a <see cref="Status.Failure"/>. Nothing may write under the id meanwhile.
/// </summary>
/// <param name="PersistenceId">The id.</param>
internal sealed record EraseHistory(string PersistenceId) : INoSerializationVerificationNeeded;

/// <summary>Nothing is stored of a persistence id.</summary>
internal sealed class HistoryErased : INoSerializationVerificationNeeded
{
    public static readonly HistoryErased Instance = new();
}
