namespace Morag.Failover.Actors.Timing;

/// <summary>Keeps a <see cref="SteadyClock"/> close to the wall clock and reports every step of the wall clock.</summary>
public sealed class ClockWatch : IDisposable
{
    private readonly ITimer timer;

    /// <summary>Starts watching, until it is disposed.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="stepped">Called for each step, on a thread-pool thread.</param>
    public ClockWatch(SteadyClock clock, Action<ClockStep> stepped)
    {
        timer = clock.CreateTimer(
            _ =>
            {
                if (clock.Follow() is { } step)
                {
                    stepped(step);
                }
            },
            null,
            SteadyClock.FollowInterval,
            SteadyClock.FollowInterval);
    }

    /// <inheritdoc />
    public void Dispose() => timer.Dispose();
}
