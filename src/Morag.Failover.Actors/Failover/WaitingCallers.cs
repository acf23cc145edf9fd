namespace Morag.Failover.Actors.Failover;

/// <summary>A caller that waits for an answer until a time.</summary>
internal readonly record struct WaitingCaller(IActorRef Caller, DateTimeOffset Until);

/// <summary>The callers that wait for a decision, by what they wait for.</summary>
internal sealed class WaitingCallers<TKey>
    where TKey : notnull
{
    private readonly Dictionary<TKey, List<WaitingCaller>> waiting = [];

    public bool IsEmpty => waiting.Count == 0;

    public void Add(TKey key, WaitingCaller caller)
    {
        if (!waiting.TryGetValue(key, out var callers))
        {
            waiting[key] = callers = [];
        }

        callers.Add(caller);
    }

    /// <summary>Removes the callers that wait for a key, and returns them.</summary>
    public IReadOnlyList<IActorRef> Remove(TKey key) =>
        waiting.Remove(key, out var callers) ? callers.ConvertAll(waiting => waiting.Caller) : [];

    /// <summary>Removes the callers whose wait is over, and answers them.</summary>
    public void Expire(DateTimeOffset now, IWireMessage answer)
    {
        foreach (var (key, callers) in waiting.ToList())
        {
            callers.RemoveAll(caller => Expire(caller, now, answer));
            if (callers.Count == 0)
            {
                waiting.Remove(key);
            }
        }
    }

    private static bool Expire(WaitingCaller caller, DateTimeOffset now, IWireMessage answer)
    {
        if (caller.Until > now)
        {
            return false;
        }

        caller.Caller.Tell(answer);
        return true;
    }
}
