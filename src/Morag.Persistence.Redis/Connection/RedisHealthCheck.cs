using Akka.Persistence;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>Checks whether Redis replies.</summary>
internal static class RedisHealthCheck
{
    /// <summary>Combines the state of the circuit breaker, which reflects past calls, with a ping.</summary>
    public static async Task<PersistenceHealthCheckResult> CheckHealthAsync(
        this RedisConnection connection,
        PersistenceHealthCheckResult breaker,
        CancellationToken cancellation)
    {
        try
        {
            if (await connection.DiagnoseAsync(cancellation).ConfigureAwait(false) is { } reason)
            {
                return new PersistenceHealthCheckResult(PersistenceHealthStatus.Unhealthy, reason, null, breaker.Data);
            }

            var open = await connection.OpenAsync(cancellation).ConfigureAwait(false);
            // The reply of a replica does not count: writes and recoveries need the primary.
            await open.Database.PingAsync(CommandFlags.DemandMaster).WaitAsync(cancellation).ConfigureAwait(false);
            return breaker;
        }
        catch (Exception e) when (e is RedisException or RedisCommandException or TimeoutException or OperationCanceledException
            or ObjectDisposedException)
        {
            var description = $"Redis does not reply: {RedisErrorText.Describe(e)}";
            return new PersistenceHealthCheckResult(PersistenceHealthStatus.Unhealthy, description, e, breaker.Data);
        }
    }
}
