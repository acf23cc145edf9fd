using System.Diagnostics;

namespace Morag.Failover.TestProcesses;

/// <summary>Waits for conditions in other processes.</summary>
public static class Eventually
{
    /// <summary>The time limit, long enough for a loaded machine.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns once the condition holds.</summary>
    /// <param name="condition">Polled until it holds.</param>
    /// <param name="what">Describes the condition, for the error message.</param>
    /// <exception cref="TimeoutException">It did not hold within <see cref="Bound"/>.</exception>
    public static async Task HoldsAsync(Func<Task<bool>> condition, Func<string> what)
    {
        for (var waited = Stopwatch.StartNew(); !await condition(); await Task.Delay(PollInterval))
        {
            if (waited.Elapsed > Bound)
            {
                throw new TimeoutException($"Still waiting after {Bound.TotalSeconds:0} s: {what()}\n{RunningProgram.OutputOfAll()}");
            }
        }
    }
}
