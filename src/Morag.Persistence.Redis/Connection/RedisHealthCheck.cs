using Akka.Persistence;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>Whether Redis can be reached and answers.</summary>
internal static class RedisHealthCheck
{
    /// <summary>Adds to what the circuit breaker knows from the past what Redis answers now.</summary>
    public static async Task<PersistenceHealthCheckResult> CheckHealthAsync(
        this RedisConnection connection,
        PersistenceHealthCheckResult breaker,
        CancellationToken cancellation)
    {
        try
        {
            if (await connection.WhyUnreachableAsync(cancellation).ConfigureAwait(false) is { } why)
            {
                return new PersistenceHealthCheckResult(PersistenceHealthStatus.Unhealthy, why, null, breaker.Data);
            }

            var open = await connection.OpenAsync(cancellation).ConfigureAwait(false);
            // A replica that answers helps nobody who wants to write, or to recover.
            await open.Database.PingAsync(CommandFlags.DemandMaster).WaitAsync(cancellation).ConfigureAwait(false);
            return breaker;
        }
        catch (Exception e) when (e is RedisException or RedisCommandException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            return new PersistenceHealthCheckResult(PersistenceHealthStatus.Unhealthy, $"Redis does not answer: {RedisErrorText.Describe(e)}", e, breaker.Data);
        }
    }
}
