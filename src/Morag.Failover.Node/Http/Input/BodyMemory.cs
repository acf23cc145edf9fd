using System.Globalization;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Input;

/// <summary>
/// Limits the memory for request bodies in flight, so that many slow, large uploads cannot exhaust it.
/// </summary>
/// <param name="limit">The limit in bytes for all bodies together, excluding the small initial buffer of each; more than 0.</param>
internal sealed class BodyMemory(long limit)
{
    private long reserved;

    /// <summary>The bytes currently reserved.</summary>
    public long Reserved => Interlocked.Read(ref reserved);

    /// <summary>Reserves memory for a body.</summary>
    /// <exception cref="ProblemException">The reservation would exceed the limit. Nothing is reserved.</exception>
    public void Reserve(long bytes)
    {
        if (Interlocked.Add(ref reserved, bytes) > limit)
        {
            Release(bytes);
            throw new ProblemException(Problem.Of(Refused.LimitReached(string.Create(
                CultureInfo.InvariantCulture,
                $"this node is already reading {limit >> 20} MiB of request bodies. Retry in a moment, or send smaller requests"))));
        }
    }

    /// <summary>Releases reserved memory.</summary>
    public void Release(long bytes) => Interlocked.Add(ref reserved, -bytes);
}
