namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// The delay before a failed owner restarts: none after a single failure in service; otherwise 0.5 s, doubled with each further failure up
/// to 15 s, plus a random 0 to 50 %.
/// </summary>
internal sealed class RestartDelay(Func<double> draw)
{
    /// <summary>An owner that has served for this long starts over with its count of failures.</summary>
    public static readonly TimeSpan Stable = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan First = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);
    private int failures;

    /// <summary>The failures in a row.</summary>
    public int Failures => failures;

    /// <summary>Counts a failure and returns the delay after it.</summary>
    /// <param name="served">Whether the owner had recovered.</param>
    /// <param name="for">How long it has served since.</param>
    public TimeSpan AfterFailure(bool served, TimeSpan @for)
    {
        if (served && @for >= Stable)
        {
            failures = 0;
        }

        failures++;
        if (served && failures == 1)
        {
            return TimeSpan.Zero;
        }

        var doubled = First * Math.Pow(2, Math.Min(failures - 1, 10));
        return (doubled < Longest ? doubled : Longest) * (1 + (draw() / 2));
    }
}
