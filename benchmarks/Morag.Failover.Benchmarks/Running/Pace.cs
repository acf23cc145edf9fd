using System.Diagnostics;

namespace Morag.Failover.Benchmarks.Running;

/// <summary>Acts at a steady rate.</summary>
internal static class Pace
{
    /// <summary>Does something <paramref name="count"/> times in so many seconds, spread evenly, over and over.</summary>
    public static async Task KeepAsync(int count, double seconds, Func<long, ValueTask> act, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        for (var turn = 0L; !stop.IsCancellationRequested; turn++)
        {
            var due = TimeSpan.FromSeconds(turn * seconds / count);
            if (due - watch.Elapsed is { TotalMilliseconds: > 1 } early)
            {
                await Task.Delay(early, CancellationToken.None);
            }

            await act(turn);
        }
    }
}
