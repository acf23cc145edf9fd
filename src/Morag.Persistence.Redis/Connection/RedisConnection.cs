using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>
/// The connection of one plugin instance. It is opened at the first use; an attempt that fails is not remembered,
/// and a connection that breaks is opened again in the background.
/// </summary>
internal sealed class RedisConnection(RedisSettings settings)
{
    private readonly Lock _gate = new();
    private Task<OpenConnection>? _opening;
    private bool _closed;

    /// <summary>The open connection, once there is one.</summary>
    /// <exception cref="RedisException">Redis could not be reached; the next call tries anew.</exception>
    public ValueTask<OpenConnection> OpenAsync(CancellationToken cancellation)
    {
        var opening = Volatile.Read(ref _opening);
        return opening is { IsCompletedSuccessfully: true }
            ? new ValueTask<OpenConnection>(opening)
            : new ValueTask<OpenConnection>(OpenOnceAsync(cancellation));
    }

    /// <summary>Closes the connection; commands that are under way fail.</summary>
    public void Close()
    {
        Task<OpenConnection>? opening;
        lock (_gate)
        {
            _closed = true;
            opening = _opening;
        }

        _ = opening?.ContinueWith(
            static opened => opened.GetAwaiter().GetResult().Multiplexer.Dispose(),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion,
            TaskScheduler.Default);
    }

    private Task<OpenConnection> OpenOnceAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_opening is null or { IsFaulted: true } or { IsCanceled: true })
                _opening = ConnectAsync();
            return _opening.WaitAsync(cancellation);
        }
    }

    private async Task<OpenConnection> ConnectAsync()
    {
        ConnectionMultiplexer multiplexer;
        try
        {
            multiplexer = await ConnectionMultiplexer.ConnectAsync(settings.Connection).ConfigureAwait(false);
        }
        catch (RedisConnectionException e)
        {
            throw CannotConnect(e);
        }

        try
        {
            // Until one server has answered it is not known whether this is a cluster, and with that what the keys are.
            await multiplexer.GetDatabase().PingAsync().ConfigureAwait(false);
            var onCluster = multiplexer.GetServers().Any(server => server.IsConnected && server.ServerType == ServerType.Cluster);
            return new OpenConnection(
                multiplexer,
                multiplexer.GetDatabase(onCluster ? 0 : -1),
                new KeyLayout(settings.KeyPrefix, onCluster));
        }
        catch
        {
            await multiplexer.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private RedisConnectionException CannotConnect(RedisConnectionException cause)
    {
        var where = string.Join(", ", settings.Connection.EndPoints.Select(EndPointCollection.ToString));
        // What the client says where it knows no reason is advice on how to hide the problem.
        var why = cause.InnerException?.Message is { Length: > 0 } reason
            ? reason
            : "nothing answers there as Redis does; it is not running, or elsewhere, only one side expects TLS, or the user may not ECHO and PING";
        return new RedisConnectionException(cause.FailureType, CommandFlags.None, $"{settings.Path} cannot connect to Redis at {where}: {why}", cause);
    }
}

/// <summary>A connection that was made.</summary>
/// <param name="Multiplexer">The owner of the sockets.</param>
/// <param name="Database">Where the commands go.</param>
/// <param name="Keys">The names of the keys there.</param>
internal sealed record OpenConnection(IConnectionMultiplexer Multiplexer, IDatabase Database, KeyLayout Keys);
