using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Failover.Node.Stores;

/// <summary>
/// The connection over which nodes agree who is present and who holds a lease. With Sentinel it leads, like that of the journal, only to
/// the primary that the sentinels name: nodes that ask different servers would not agree. A failed attempt to connect is not cached.
/// </summary>
internal sealed class AgreementConnection : IDisposable
{
    private readonly RedisConnection connection;

    /// <param name="connectionString">The connection string of StackExchange.Redis.</param>
    /// <param name="authority">The file with the certificate of an authority to trust; null or empty for those of the machine.</param>
    /// <param name="name">The name of the connection in Redis and in messages.</param>
    /// <param name="retryInterval">The pause before a broken connection is opened again.</param>
    public AgreementConnection(string connectionString, string? authority, string name, TimeSpan retryInterval)
    {
        var options = RedisOptions.Of(connectionString, authority);
        options.AbortOnConnectFail = true;
        options.ConnectRetry = 1;
        // A request that is queued for a connection could take effect long after its caller gave up.
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ReconnectRetryPolicy = new LinearRetry((int)retryInterval.TotalMilliseconds);
        options.ClientName = name;
        connection = new RedisConnection(new RedisSettings
        {
            Path = name,
            Connection = options,
            // To the sentinels, and then to the primary.
            MaxConnectTime = TimeSpan.FromMilliseconds(2.0 * options.ConnectTimeout),
            KeyPrefix = "",
            Identity = null,
        });
    }

    /// <summary>Runs a script.</summary>
    /// <param name="script">The script.</param>
    /// <param name="keys">Its keys. On Redis Cluster it gets only the first: a script cannot read a key in another slot.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="timeout">How long Redis may take to answer, including a connection that must be opened first.</param>
    /// <exception cref="TimeoutException">Redis did not answer in time. It may still run the script.</exception>
    /// <exception cref="RedisException">Redis cannot be reached, or refuses the script.</exception>
    public async Task<RedisResult> RunAsync(string script, RedisKey[] keys, RedisValue[] arguments, TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout);
        try
        {
            var open = await connection.OpenAsync(limit.Token).ConfigureAwait(false);
            var usable = open.Keys.OnCluster ? keys[..1] : keys;
            return await open.ExecuteAsync(redis => redis.ScriptEvaluateAsync(script, usable, arguments)).WaitAsync(limit.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException failure) when (limit.IsCancellationRequested)
        {
            throw new TimeoutException($"Redis did not answer within {timeout.TotalSeconds:0.###} s", failure);
        }
    }

    /// <summary>Sends a script after those that were sent before, if the connection is open, and waits for nothing.</summary>
    public void SendIfOpen(string script, RedisKey[] keys, RedisValue[] arguments)
    {
        var opening = connection.OpenAsync(CancellationToken.None);
        if (opening.IsCompletedSuccessfully)
        {
            _ = opening.Result.Database.ScriptEvaluateAsync(script, keys, arguments, CommandFlags.FireAndForget);
        }
        else
        {
            _ = opening.AsTask().ContinueWith(static failed => failed.Exception, TaskScheduler.Default);
        }
    }

    /// <inheritdoc />
    public void Dispose() => connection.Close();
}
