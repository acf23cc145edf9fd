namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// How long an owner that failed waits before it is started again: not at all after a single failure in service, else 0.5 s, twice as
/// long after each further failure, up to 15 s, and up to half as much again at random.
/// </summary>
internal sealed class RestartDelay(Func<double>? draw = null)
{
    /// <summary>How long an owner must have served for its earlier failures to be forgotten.</summary>
    public static readonly TimeSpan Stable = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan First = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);
    private readonly Func<double> draw = draw ?? Random.Shared.NextDouble;
    private int failures;

    /// <summary>The delay after one more failure.</summary>
    /// <param name="served">Whether it had recovered.</param>
    /// <param name="for">For how long it served then.</param>
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
