namespace Morag.Failover.Actors.Fleet;

/// <summary>
/// The actors that wait for a change to a bucket's slice. Changes in quick succession are sent together, and waits that end at nearly the
/// same time end together.
/// </summary>
internal sealed class SliceWaiters
{
    private const int MaxWaiting = 1_024;
    private static readonly TimeSpan Together = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan EndsTogether = TimeSpan.FromMilliseconds(500);

    private readonly List<(IActorRef ReplyTo, DateTimeOffset Until)> waiting = [];
    private DateTimeOffset? tellAt;

    /// <summary>When the next waiter is due.</summary>
    public DateTimeOffset? DueAt => waiting.Count == 0 ? null : tellAt ?? waiting.Min(waiter => waiter.Until);

    /// <summary>Adds a waiter. Returns false if too many are waiting.</summary>
    public bool TryAdd(IActorRef replyTo, DateTimeOffset until)
    {
        if (waiting.Count >= MaxWaiting)
        {
            return false;
        }

        waiting.Add((replyTo, until));
        return true;
    }

    /// <summary>Records that the slice changed.</summary>
    public void Changed(DateTimeOffset now) => tellAt = waiting.Count == 0 ? null : tellAt ?? now + Together;

    /// <summary>Removes and returns the waiters to answer now.</summary>
    public List<IActorRef> RemoveDue(DateTimeOffset now)
    {
        var all = tellAt <= now;
        tellAt = all ? null : tellAt;
        var due = waiting.FindAll(IsDue);
        waiting.RemoveAll(IsDue);
        return due.ConvertAll(waiter => waiter.ReplyTo);

        bool IsDue((IActorRef ReplyTo, DateTimeOffset Until) waiter) => all || waiter.Until <= now + EndsTogether;
    }
}
