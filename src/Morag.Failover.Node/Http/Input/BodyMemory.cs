using System.Globalization;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Input;

/// <summary>
/// Limits the memory for request bodies that are being read, so that many slow, large uploads cannot exhaust it.
/// </summary>
/// <param name="most">The most bytes of all bodies together, beyond the small buffer that each begins with; more than 0.</param>
internal sealed class BodyMemory(long most)
{
    private long taken;

    /// <summary>The bytes that are taken now.</summary>
    public long Taken => Interlocked.Read(ref taken);

    /// <summary>Takes memory for one body.</summary>
    /// <exception cref="ProblemException">There would be more than the most; nothing is taken.</exception>
    public void Take(long bytes)
    {
        if (Interlocked.Add(ref taken, bytes) > most)
        {
            GiveBack(bytes);
            throw new ProblemException(Problem.Of(Refused.LimitReached(string.Create(
                CultureInfo.InvariantCulture,
                $"this node is already reading {most >> 20} MiB of request bodies. Retry in a moment, or send smaller requests"))));
        }
    }

    /// <summary>Gives back what was taken.</summary>
    public void GiveBack(long bytes) => Interlocked.Add(ref taken, -bytes);
}
