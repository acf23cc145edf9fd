namespace Morag.Failover.Actors.Fleet;

/// <summary>
/// Those who wait for a bucket's slice to change. Changes that come close together are told together, and waits that end close together
/// end together.
/// </summary>
internal sealed class SliceWaiters
{
    private const int MaxWaiting = 1_024;
    private static readonly TimeSpan Together = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan EndsTogether = TimeSpan.FromMilliseconds(500);

    private readonly List<(IActorRef ReplyTo, DateTimeOffset Until)> waiting = [];
    private DateTimeOffset? tellAt;

    /// <summary>When the next of them has to be answered.</summary>
    public DateTimeOffset? DueAt => waiting.Count == 0 ? null : tellAt ?? waiting.Min(waiter => waiter.Until);

    /// <summary>One more waits; false where too many do.</summary>
    public bool TryAdd(IActorRef replyTo, DateTimeOffset until)
    {
        if (waiting.Count >= MaxWaiting)
        {
            return false;
        }

        waiting.Add((replyTo, until));
        return true;
    }

    /// <summary>The slice changed.</summary>
    public void Changed(DateTimeOffset now) => tellAt = waiting.Count == 0 ? null : tellAt ?? now + Together;

    /// <summary>Takes out those who are to be answered now.</summary>
    public List<IActorRef> TakeDue(DateTimeOffset now)
    {
        var all = tellAt <= now;
        tellAt = all ? null : tellAt;
        var due = waiting.FindAll(IsDue);
        waiting.RemoveAll(IsDue);
        return due.ConvertAll(waiter => waiter.ReplyTo);

        bool IsDue((IActorRef ReplyTo, DateTimeOffset Until) waiter) => all || waiter.Until <= now + EndsTogether;
    }
}
