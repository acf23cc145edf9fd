using System.Collections.Immutable;
using Akka.Persistence;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Layout;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

public sealed partial class RedisJournal
{
    /// <inheritdoc/>
    protected override Task<IImmutableList<Exception?>?> WriteMessagesAsync(
        IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var atomicWrites = messages as IReadOnlyList<AtomicWrite> ?? [.. messages];
        if (atomicWrites.Count == 0) return Task.FromResult<IImmutableList<Exception?>?>(null);

        KeyLayout.ValidatePersistenceId(atomicWrites[0].PersistenceId);
        return FindGap(atomicWrites) is { } gap
            ? Task.FromException<IImmutableList<Exception?>?>(gap)
            : EnqueueAsync(atomicWrites, cancellationToken);
    }

    private static SequenceConflictException? FindGap(IReadOnlyList<AtomicWrite> writes)
    {
        for (var i = 1; i < writes.Count; i++)
        {
            if (writes[i].LowestSequenceNr != writes[i - 1].HighestSequenceNr + 1)
                return new SequenceConflictException(writes[i].PersistenceId, writes[i].LowestSequenceNr, writes[i - 1].HighestSequenceNr);
        }

        return null;
    }

    /// <summary>
    /// Sends the writes in one call, or in several consecutive ones if they exceed the size of a call. Each of those is stored only if
    /// the one before it is.
    /// </summary>
    private Task<IImmutableList<Exception?>?> EnqueueAsync(IReadOnlyList<AtomicWrite> writes, CancellationToken cancellation)
    {
        var persistenceId = writes[0].PersistenceId;
        var timestamp = _system.Scheduler.Now.UtcTicks;
        var entries = new RedisValue[2 * writes.Sum(static write => write.Size)];
        Exception?[]? rejections = null;
        List<PendingWrite>? earlier = null;
        var before = writes[0].LowestSequenceNr - 1;
        var last = before;
        var (start, end, bytes) = (0, 0, 0L);
        for (var i = 0; i < writes.Count; i++)
        {
            try
            {
                var encoded = Encode(writes[i], timestamp, entries.AsSpan(end));
                var size = PendingWrite.CountBytes(entries.AsSpan(end, encoded));
                if (bytes > 0 && bytes + size > _settings.WriteBatchBytes)
                {
                    (earlier ??= []).Add(new PendingWrite(
                        persistenceId, before, last, entries.AsMemory(start, end - start), rejections: null, cancellation));
                    (before, start, bytes) = (last, end, 0);
                }

                end += encoded;
                bytes += size;
            }
#pragma warning disable CA1031 // Any exception of a serializer rejects this write, and only this one.
            catch (Exception e)
#pragma warning restore CA1031
            {
                (rejections ??= new Exception?[writes.Count])[i] = e;
            }

            // The actor also continues after the numbers of a rejected write, so they count as used.
            last = writes[i].HighestSequenceNr;
        }

        var final = new PendingWrite(
            persistenceId, before, last, entries.AsMemory(start, end - start), rejections?.ToImmutableArray(), cancellation);
        earlier?.ForEach(_appender.Enqueue);
        _appender.Enqueue(final);
        return earlier is null ? final.Task : AwaitAllAsync([.. earlier, final]);

        // Throws the first failure, which is the cause. The later writes fail only because they do not continue the stored events.
        static async Task<IImmutableList<Exception?>?> AwaitAllAsync(List<PendingWrite> pending) =>
            (await Task.WhenAll(pending.Select(static write => write.Task)).ConfigureAwait(false))[^1];
    }

    /// <summary>Writes score and member of each event to <paramref name="entries"/>. Returns the number of these values.</summary>
    private int Encode(AtomicWrite write, long timestamp, Span<RedisValue> entries)
    {
        var filled = 0;
        foreach (var representation in (IImmutableList<IPersistentRepresentation>)write.Payload)
        {
            entries[filled++] = representation.SequenceNr;
            entries[filled++] = StoredEvent.Encode(_system, representation, timestamp);
        }

        return filled;
    }
}
