using System.Collections.Immutable;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>What one persistent actor has asked to be stored, together or not at all, and the answer to it.</summary>
/// <param name="persistenceId">The actor's id.</param>
/// <param name="before">The sequence number that has to be the highest one when the events are stored.</param>
/// <param name="last">The highest sequence number after them.</param>
/// <param name="entries">Score and member of each event. Those that were rejected are missing; their numbers are used up.</param>
/// <param name="rejections">The answer once all are stored: for each write of the actor why it was rejected, or null; null where none was.</param>
/// <param name="cancellation">Cancels the call as long as it has not been sent.</param>
internal sealed class PendingWrite(
    string persistenceId,
    long before,
    long last,
    ReadOnlyMemory<RedisValue> entries,
    IImmutableList<Exception?>? rejections,
    CancellationToken cancellation) : TaskCompletionSource<IImmutableList<Exception?>?>
{
    public string PersistenceId { get; } = persistenceId;

    public long Before { get; } = before;

    public long Last { get; } = last;

    public ReadOnlyMemory<RedisValue> Entries { get; } = entries;

    /// <summary>The bytes of the events.</summary>
    public long Bytes { get; } = BytesOf(entries.Span);

    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>The next of the same persistence id, which waits until this one is answered.</summary>
    public PendingWrite? Next { get; set; }

    /// <summary>The bytes of the members among scores and members.</summary>
    public static long BytesOf(ReadOnlySpan<RedisValue> entries)
    {
        long bytes = 0;
        for (var member = 1; member < entries.Length; member += 2) bytes += entries[member].Length();
        return bytes;
    }

    /// <summary>Answers that everything is stored.</summary>
    public void Succeed() => TrySetResult(rejections);
}
