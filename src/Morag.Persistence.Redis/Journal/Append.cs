using System.Collections.Immutable;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>Events of one persistence id that are stored together or not at all.</summary>
/// <param name="Before">The sequence number that has to be the highest one when they are stored.</param>
/// <param name="Last">The highest sequence number after them.</param>
/// <param name="Entries">Score and member of each event; none where the events were rejected and only their numbers are used up.</param>
internal readonly record struct AtomicEvents(long Before, long Last, RedisValue[] Entries);

/// <summary>What one persistent actor has asked to be stored, and the answer to it.</summary>
/// <param name="persistenceId">The actor's id.</param>
/// <param name="writes">The writes, in order.</param>
/// <param name="rejections">The answer once all are stored: for each write why it was rejected, or null; null where none was.</param>
/// <param name="cancellation">Cancels the call as long as it has not been sent.</param>
internal sealed class Append(
    string persistenceId,
    AtomicEvents[] writes,
    IImmutableList<Exception?>? rejections,
    CancellationToken cancellation) : TaskCompletionSource<IImmutableList<Exception?>?>
{
    public string PersistenceId { get; } = persistenceId;

    public AtomicEvents[] Writes { get; } = writes;

    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>Answers that everything is stored.</summary>
    public void Succeed() => TrySetResult(rejections);
}
