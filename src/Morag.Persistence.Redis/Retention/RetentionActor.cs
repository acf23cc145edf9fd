using Akka.Actor;
using Akka.Event;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Retention;

/// <summary>Sweeps again and again, over a connection of its own, as long as its journal lives. What fails is tried again the next time.</summary>
internal sealed class RetentionActor : ReceiveActor, IWithTimers
{
    private readonly RedisConnection _connection;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public RetentionActor(RetentionSettings settings, RedisSettings redis)
    {
        _connection = new RedisConnection(redis);
        var sweep = new RetentionSweep(Context.System, _connection, settings);

        Receive<Sweep>(_ => sweep.RunAsync().PipeTo(Self, success: static retired => new Swept(retired)));
        Receive<Swept>(swept =>
        {
            if (swept.Retired > 0) _log.Info("Removed the entries of {0} persistence ids that ended more than {1} ago.", swept.Retired, settings.After);
            ScheduleNext(settings.Interval);
        });
        Receive<Status.Failure>(failure =>
        {
            _log.Warning(failure.Cause, "Retention was broken off; the next sweep is in {0}.", settings.Interval);
            ScheduleNext(settings.Interval);
        });
        Self.Tell(Sweep.Instance);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PostStop()
    {
        // Ends the sweep too, if one is under way.
        _connection.Close();
        base.PostStop();
    }

    private void ScheduleNext(TimeSpan interval) => Timers.StartSingleTimer(nameof(Sweep), Sweep.Instance, interval);

    private sealed class Sweep
    {
        public static readonly Sweep Instance = new();
    }

    private sealed record Swept(int Retired);
}
