using Akka.Event;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Query;

/// <summary>Says once that a live query waits for Redis, and once that it goes on.</summary>
internal sealed class Outage(ILoggingAdapter log, string query)
{
    private bool _isOn;

    /// <summary>Whether a failure can pass by itself: Redis is gone, busy, or has changed its role.</summary>
    public static bool IsTransient(Exception failure)
        => failure is RedisException or TimeoutException
            && !(failure is RedisServerException && failure.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal));

    public void Begin(Exception failure)
    {
        if (_isOn) return;
        _isOn = true;
        log.Warning(failure, "The query {0} waits for Redis.", query);
    }

    public void End()
    {
        if (!_isOn) return;
        _isOn = false;
        log.Info("The query {0} goes on.", query);
    }
}
