using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http;

/// <summary>
/// Whether the store has room for new tasks. Tasks that are already stored continue regardless, since their end frees room.
/// </summary>
/// <param name="WhyFull">Returns why the store is full and what to do; null while there is room.</param>
public sealed record StoreRoom(Func<string?> WhyFull)
{
    /// <summary>A store without a limit of its own here, such as an external Redis server.</summary>
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
