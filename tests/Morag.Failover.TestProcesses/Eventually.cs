using System.Diagnostics;

namespace Morag.Failover.TestProcesses;

/// <summary>Waits for what becomes true in another process.</summary>
public static class Eventually
{
    /// <summary>How long it waits at the most: far longer than anything takes, even where the machine has other things to do.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns once the condition holds.</summary>
    /// <param name="condition">Asked again and again.</param>
    /// <param name="what">What is waited for, should it not come; read only then.</param>
    /// <exception cref="TimeoutException">It does not hold within <see cref="Bound"/>.</exception>
    public static async Task HoldsAsync(Func<Task<bool>> condition, Func<string> what)
    {
        for (var waited = Stopwatch.StartNew(); !await condition(); await Task.Delay(PollInterval))
        {
            if (waited.Elapsed > Bound)
            {
                throw new TimeoutException($"Still waiting after {Bound.TotalSeconds:0} s: {what()}");
            }
        }
    }
}
