namespace Morag.Failover.Actors.Delivery;

/// <summary>
/// Decides when a message that its receiver has not acknowledged is sent again. Messages are resent in the order in which they were last
/// sent, so messages that stay unacknowledged take turns and never hold up the others.
/// </summary>
/// <param name="resendAfter">The time that a receiver has to acknowledge a message.</param>
/// <param name="maxPerRound">
/// The most messages resent in one call, so that an outage of the receiver does not end in a burst. The next call resends the others.
/// </param>
/// <typeparam name="TKey">Identifies a message. The owner builds the message again from its state.</typeparam>
/// <remarks>Not thread-safe: it belongs to one actor, which calls <see cref="ResendDue"/> on a timer of its own.</remarks>
internal sealed class ResendSchedule<TKey>(TimeSpan resendAfter, int maxPerRound = ResendSchedule<TKey>.DefaultMaxPerRound)
    where TKey : notnull
{
    /// <summary>The default for the most messages resent in one call.</summary>
    public const int DefaultMaxPerRound = 1_000;

    private readonly LinkedList<(TKey Key, DateTimeOffset SentAt)> byLastSend = new();
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, DateTimeOffset SentAt)>> nodes = [];

    /// <summary>Whether every message is acknowledged.</summary>
    public bool IsEmpty => nodes.Count == 0;

    /// <summary>The number of messages that are not acknowledged.</summary>
    public int Count => nodes.Count;

    /// <summary>When the next message is due for resending; null when every message is acknowledged.</summary>
    public DateTimeOffset? NextDue => byLastSend.First is { } oldest ? oldest.Value.SentAt + resendAfter : null;

    /// <summary>Records that a message was sent now. If it was sent before, its wait starts over.</summary>
    public void MarkSent(TKey key, DateTimeOffset now)
    {
        if (nodes.TryGetValue(key, out var node))
        {
            byLastSend.Remove(node);
            node.Value = (key, now);
            byLastSend.AddLast(node);
        }
        else
        {
            nodes[key] = byLastSend.AddLast((key, now));
        }
    }

    /// <summary>
    /// Adds a message that is due at once, before all that were sent. Recovery calls it for what the state still owes; messages added in a
    /// row are sent in that order.
    /// </summary>
    public void MarkOverdue(TKey key)
    {
        Acknowledge(key);
        var overdue = (key, DateTimeOffset.MinValue);
        nodes[key] = byLastSend.Last is null or { Value.SentAt.Ticks: 0 } ? byLastSend.AddLast(overdue) : byLastSend.AddFirst(overdue);
    }

    /// <summary>Forgets a message, because it was acknowledged or is no longer needed.</summary>
    public void Acknowledge(TKey key)
    {
        if (nodes.Remove(key, out var node))
        {
            byLastSend.Remove(node);
        }
    }

    /// <summary>Resends the overdue messages, up to the limit per round.</summary>
    /// <param name="now">The current time.</param>
    /// <param name="resend">Sends the message again. Returns false when nothing is left to send; the schedule then forgets it.</param>
    public void ResendDue(DateTimeOffset now, Func<TKey, bool> resend)
    {
        for (var round = 0; round < maxPerRound && NextDue <= now; round++)
        {
            var key = byLastSend.First!.Value.Key;
            if (resend(key))
            {
                MarkSent(key, now);
            }
            else
            {
                Acknowledge(key);
            }
        }
    }
}
