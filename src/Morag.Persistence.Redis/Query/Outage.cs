using Akka.Event;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Query;

/// <summary>Logs once that a live query waits for Redis, and once that it continues.</summary>
internal sealed class Outage(ILoggingAdapter log, string query)
{
    private bool _isOn;

    /// <summary>Whether a failure can resolve itself: Redis is down, busy, or has changed its role.</summary>
    public static bool IsTransient(Exception failure)
        => failure is RedisException or TimeoutException
            && !(failure is RedisServerException && failure.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal));

    public void Begin(Exception failure)
    {
        if (_isOn) return;
        _isOn = true;
        log.Warning(failure, "The query {0} is waiting for Redis.", query);
    }

    public void End()
    {
        if (!_isOn) return;
        _isOn = false;
        log.Info("The query {0} continues: Redis replies again.", query);
    }
}
