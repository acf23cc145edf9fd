using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Actors.Failover;

/// <summary>Those who wait for the decision about a lease whose failure has not arrived here yet.</summary>
internal sealed class DecisionWaiters
{
    private readonly Dictionary<(TaskId, LeaseEpoch), List<WaitingCaller>> waiting = [];

    public bool IsEmpty => waiting.Count == 0;

    public void Add(TaskId task, LeaseEpoch epoch, WaitingCaller caller)
    {
        if (!waiting.TryGetValue((task, epoch), out var callers))
        {
            waiting[(task, epoch)] = callers = [];
        }

        callers.Add(caller);
    }

    /// <summary>Those who waited for the decision about that lease; they no longer do.</summary>
    public IReadOnlyList<WaitingCaller> Take(TaskId task, LeaseEpoch epoch) =>
        waiting.Remove((task, epoch), out var callers) ? callers : [];

    /// <summary>Answers those whose wait is over.</summary>
    public void Expire(DateTimeOffset now, IWireMessage answer)
    {
        foreach (var (lease, callers) in waiting.ToList())
        {
            callers.RemoveAll(caller => WaitIsOver(caller, now, answer));
            if (callers.Count == 0)
            {
                waiting.Remove(lease);
            }
        }
    }

    /// <summary>Answers a caller whose wait is over, and tells whether it was.</summary>
    public static bool WaitIsOver(WaitingCaller caller, DateTimeOffset now, IWireMessage answer)
    {
        if (caller.Until > now)
        {
            return false;
        }

        caller.Caller.Tell(answer);
        return true;
    }
}
