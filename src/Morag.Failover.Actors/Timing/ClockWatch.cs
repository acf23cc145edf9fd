namespace Morag.Failover.Actors.Timing;

/// <summary>Lets a <see cref="SteadyClock"/> follow the wall clock, and reports every step that the wall clock makes.</summary>
public sealed class ClockWatch : IDisposable
{
    private readonly ITimer timer;

    /// <summary>Watches until it is disposed.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="stepped">Called for each step, on a thread of the pool.</param>
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
