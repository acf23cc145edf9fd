using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Actors.Queues;

/// <summary>
/// Submissions that wait until what is under way is stored, first come first served. So a flood slows its callers down and is refused
/// once too much waits, instead of piling up in front of the store until writes time out and the queue stops.
/// </summary>
internal sealed class Intake
{
    /// <summary>While events of more than this many bytes are under way, submissions wait.</summary>
    public const long MostUnderWay = 8L * 1024 * 1024;

    /// <summary>The most bytes of submissions that wait.</summary>
    public const long MostWaiting = 64L * 1024 * 1024;

    private readonly Queue<Entry> waiting = new();
    private long waitingBytes;

    /// <summary>Whether a submission has to wait behind others or for the store.</summary>
    public bool MustWait(long bytesUnderWay) => waiting.Count > 0 || bytesUnderWay >= MostUnderWay;

    /// <summary>Lets a submission wait; false where too much does already.</summary>
    /// <param name="submit">The submission.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="replyTo">Who waits for the answer.</param>
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

    /// <summary>The next submission once there is room for it; null while nothing waits or the store is still behind.</summary>
    public Entry? Next(long bytesUnderWay)
    {
        if (bytesUnderWay >= MostUnderWay || !waiting.TryDequeue(out var entry))
        {
            return null;
        }

        waitingBytes -= entry.Bytes;
        return entry;
    }

    /// <summary>Tells all that wait that nothing of theirs was accepted.</summary>
    public void RefuseAll()
    {
        while (waiting.TryDequeue(out var entry))
        {
            entry.ReplyTo.Tell(Refused.Unavailable("the queue's partition stopped before it accepted this submission; nothing was accepted; submit it again"));
        }

        waitingBytes = 0;
    }

    /// <summary>A submission that waits.</summary>
    internal sealed record Entry(SubmitTasks Submit, IActorRef ReplyTo, long Bytes);
}
