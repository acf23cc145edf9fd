using Akka.Actor;
using Akka.Event;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Retention;

/// <summary>Sweeps at intervals over its own connection while its journal runs. The next sweep retries what has failed.</summary>
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
            if (swept.Retired > 0)
            {
                _log.Info(
                    "Retention removed the entries of ended persistence ids: {0}. They ended more than {1} ago.",
                    swept.Retired,
                    settings.After);
            }

            ScheduleNext(settings.Interval);
        });
        Receive<Status.Failure>(failure =>
        {
            _log.Warning(failure.Cause, "The retention sweep failed. The next sweep starts in {0}.", settings.Interval);
            ScheduleNext(settings.Interval);
        });
        Self.Tell(Sweep.Instance);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PostStop()
    {
        // This also ends a running sweep.
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
