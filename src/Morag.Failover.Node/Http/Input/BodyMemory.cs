using System.Globalization;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Input;

/// <summary>
/// The memory for the bodies that are being read: callers that send large ones slowly, many at a time, take no more of it than this.
/// </summary>
/// <param name="most">The most bytes of all bodies together, beyond the small buffer that each begins with; more than 0.</param>
internal sealed class BodyMemory(long most)
{
    private long taken;

    /// <summary>Takes memory for one body.</summary>
    /// <exception cref="ProblemException">There would be more than the most; nothing is taken.</exception>
    public void Take(long bytes)
    {
        if (Interlocked.Add(ref taken, bytes) > most)
        {
            GiveBack(bytes);
            throw new ProblemException(Problem.Of(Refused.LimitReached(string.Create(
                CultureInfo.InvariantCulture,
                $"the bodies of calls that this node is reading already take {most >> 20} MiB. Send this call again in a moment, or in smaller ones"))));
        }
    }

    /// <summary>Gives back what was taken.</summary>
    public void GiveBack(long bytes) => Interlocked.Add(ref taken, -bytes);
}
