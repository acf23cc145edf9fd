using System.Diagnostics;

namespace Morag.Redis.TestServers;

/// <summary>Waits for a condition instead of sleeping.</summary>
public static class Wait
{
    private const int Attempts = 150;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    /// <summary>Polls a condition until it holds.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="awaited">What the test waits for, for the failure message.</param>
    /// <exception cref="TimeoutException">The condition does not hold within a minute.</exception>
    public static async Task UntilAsync(Func<bool> condition, string awaited)
    {
        for (var waited = Stopwatch.StartNew(); !condition(); await Task.Delay(10))
        {
            if (waited.Elapsed > Bound)
            {
                throw new TimeoutException($"Still waiting: {awaited}");
            }
        }
    }

    /// <summary>Repeats an action until it succeeds.</summary>
    /// <exception cref="Exception">The failure of the last attempt.</exception>
    public static Task UntilSucceedsAsync(Func<Task> attempt) => UntilSucceedsAsync(async () =>
    {
        await attempt();
        return true;
    });

    /// <inheritdoc cref="UntilSucceedsAsync(Func{Task})"/>
    public static async Task<T> UntilSucceedsAsync<T>(Func<Task<T>> attempt)
    {
        for (var attempts = 1; ; attempts++)
        {
            try
            {
                return await attempt();
            }
            catch (Exception) when (attempts < Attempts)
            {
                await Task.Delay(200);
            }
        }
    }
}
