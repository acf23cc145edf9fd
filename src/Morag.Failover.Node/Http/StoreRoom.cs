using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http;

/// <summary>Whether the store has room for new tasks. What is known already goes on without asking: it frees room.</summary>
/// <param name="WhyFull">Says why there is none, and what to do; null while there is room.</param>
public sealed record StoreRoom(Func<string?> WhyFull)
{
    /// <summary>A store that looks after itself, as a Redis server does.</summary>
    public static readonly StoreRoom Unlimited = new(static () => null);

    /// <summary>Ends the call with 429 while the store is full.</summary>
    internal void RefuseIfFull()
    {
        if (WhyFull() is { } why)
        {
            throw new ProblemException(Problem.Of(Refused.LimitReached(why)));
        }
    }
}
