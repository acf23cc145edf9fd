using System.Collections.Immutable;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>Events of one persistent actor that are to be stored together or not at all, and the task of their result.</summary>
/// <param name="persistenceId">The actor's persistence id.</param>
/// <param name="before">The highest sequence number that must be stored before them.</param>
/// <param name="last">The highest sequence number after them.</param>
/// <param name="entries">Score and member of each event. Rejected events are missing, but their numbers count as used.</param>
/// <param name="rejections">
/// The result once they are stored: for each write of the actor the reason why it was rejected, or null. Null if no write was rejected.
/// </param>
/// <param name="cancellation">Cancels the write until it is sent.</param>
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

    /// <summary>Size of the events in bytes.</summary>
    public long Bytes { get; } = CountBytes(entries.Span);

    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>The next write of the same persistence id. It is sent after this one has completed.</summary>
    public PendingWrite? Next { get; set; }

    /// <summary>Size of the members in a list of scores and members, in bytes.</summary>
    public static long CountBytes(ReadOnlySpan<RedisValue> entries)
    {
        long bytes = 0;
        for (var member = 1; member < entries.Length; member += 2) bytes += entries[member].Length();
        return bytes;
    }

    /// <summary>Completes the task: everything is stored.</summary>
    public void Succeed() => TrySetResult(rejections);
}
