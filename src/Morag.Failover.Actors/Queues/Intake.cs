using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Actors.Queues;

/// <summary>
/// Submissions that wait for the store, first come first served. A flood slows its callers down, and is rejected once too much waits,
/// instead of piling up until writes time out and the queue stops.
/// </summary>
internal sealed class Intake
{
    /// <summary>While events with more bytes than this are being written, submissions wait.</summary>
    public const long MaxBytesInFlight = 8L * 1024 * 1024;

    /// <summary>The most bytes of waiting submissions.</summary>
    public const long MostWaiting = 64L * 1024 * 1024;

    private readonly Queue<Entry> waiting = new();
    private long waitingBytes;

    /// <summary>Whether a submission must wait for others or for the store.</summary>
    public bool MustWait(long bytesInFlight) => waiting.Count > 0 || bytesInFlight >= MaxBytesInFlight;

    /// <summary>Adds a submission; false if too much waits already.</summary>
    /// <param name="submit">The submission.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="replyTo">The caller.</param>
    public bool TryAdd(SubmitTasks submit, long bytes, IActorRef replyTo)
    {
        var entry = new Entry(submit, replyTo, bytes);
        if (waitingBytes + entry.Bytes > MostWaiting)
        {
            return false;
        }

        waiting.Enqueue(entry);
        waitingBytes += entry.Bytes;
        return true;
    }

    /// <summary>Removes and returns the next submission; null while nothing waits or the store is behind.</summary>
    public Entry? TakeNext(long bytesInFlight)
    {
        if (bytesInFlight >= MaxBytesInFlight || !waiting.TryDequeue(out var entry))
        {
            return null;
        }

        waitingBytes -= entry.Bytes;
        return entry;
    }

    /// <summary>Rejects all waiting submissions.</summary>
    public void RefuseAll()
    {
        while (waiting.TryDequeue(out var entry))
        {
            entry.ReplyTo.Tell(Refused.Unavailable(
                "The queue partition stopped before it accepted this submission. Nothing was accepted. Submit it again."));
        }

        waitingBytes = 0;
    }

    internal sealed record Entry(SubmitTasks Submit, IActorRef ReplyTo, long Bytes);
}
