using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>An established connection.</summary>
/// <param name="Multiplexer">Owns the sockets.</param>
/// <param name="Database">Receives the commands.</param>
/// <param name="Keys">Names of the keys.</param>
/// <param name="Identity">The identity that scripts require, or null if any Redis is accepted.</param>
internal sealed record OpenConnection(IConnectionMultiplexer Multiplexer, IDatabase Database, KeyLayout Keys, StoreIdentity? Identity)
{
    /// <summary>Checks the identity of Redis, if one is configured.</summary>
    /// <exception cref="WrongStoreException">Redis has another identity, or none.</exception>
    public Task CheckIdentityAsync() => Identity is { } identity
        ? ExecuteAsync(async redis =>
        {
            await identity.CheckAsync(redis).ConfigureAwait(false);
            return true;
        })
        : Task.CompletedTask;

    /// <summary>Runs a command, and translates connection failures into messages for operators.</summary>
    /// <exception cref="RedisConnectionException">The connection is broken, or was abandoned during the call.</exception>
    /// <exception cref="RedisTimeoutException">Redis did not reply in time.</exception>
    public async Task<T> ExecuteAsync<T>(Func<IDatabase, Task<T>> command)
    {
        try
        {
            return await command(Database).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (ReadOnlyReplica.IsCauseOf(e.Message))
        {
            await ReadOnlyReplica.FollowPrimaryAsync(Multiplexer).ConfigureAwait(false);
            throw;
        }
        catch (RedisTimeoutException e)
        {
            throw RedisErrorText.Rewrite(e);
        }
        catch (RedisConnectionException e)
        {
            throw RedisErrorText.Rewrite(e);
        }
        catch (ObjectDisposedException)
        {
            // The client's own message says nothing about the cause.
            throw RedisErrorText.CreateFailure(
                ConnectionFailureType.ConnectionDisposed,
                "The connection was closed during a call to Redis: another primary was promoted, or the plugin is stopping.");
        }
    }
}
