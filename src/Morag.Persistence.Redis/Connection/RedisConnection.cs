using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>
/// The connection of one plugin instance. The first use opens it. A failed attempt is not cached: the next use tries again. The client
/// reopens a broken connection in the background.
/// </summary>
internal sealed partial class RedisConnection
{
    private const int MaxDiagnosisMilliseconds = 1000;

    private readonly RedisSettings _settings;
    private readonly SharedProbe _probe;
    private readonly Lock _gate = new();
    private Task<OpenConnection>? _opening;
    private ConnectionMultiplexer? _sentinels;
    private bool _closed;

    public RedisConnection(RedisSettings settings)
    {
        _settings = settings;
        _probe = new SharedProbe(ProbeAsync, TimeProvider.System);
    }

    /// <summary>Returns the open connection, and opens it first if necessary.</summary>
    /// <exception cref="RedisException">Redis cannot be reached. The next call tries again.</exception>
    public ValueTask<OpenConnection> OpenAsync(CancellationToken cancellation)
    {
        var opening = Volatile.Read(ref _opening);
        return opening is { IsCompletedSuccessfully: true }
            ? new ValueTask<OpenConnection>(opening)
            : new ValueTask<OpenConnection>(OpenOnceAsync(cancellation));
    }

    /// <summary>
    /// Returns why Redis cannot be reached, or null if it can. During an outage, callers share one probe every two seconds, because
    /// frequent readiness checks must not flood a recovering server with connections.
    /// </summary>
    /// <exception cref="RedisException">Redis has not been reached yet.</exception>
    public async Task<string?> DiagnoseAsync(CancellationToken cancellation)
    {
        var opening = Volatile.Read(ref _opening);
        return opening is { IsCompletedSuccessfully: true } && (await opening.ConfigureAwait(false)).Multiplexer.IsConnected
            ? null
            : await _probe.RunAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Closes the connection. Pending commands fail.</summary>
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
        _sentinels?.Dispose();
    }

    private async Task<string?> ProbeAsync()
    {
        var open = await OpenAsync(CancellationToken.None).ConfigureAwait(false);
        return open.Multiplexer.IsConnected ? null : await TryConnectAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Tries a separate connection, and returns why it failed, or null. The broken connection itself does not know why it cannot be
    /// reopened, for example because the password was changed.
    /// </summary>
    private async Task<string?> TryConnectAsync()
    {
        if (!string.IsNullOrEmpty(_settings.Connection.ServiceName)) return null;
        var options = _settings.Connection.Clone();
        options.AbortOnConnectFail = true;
        options.ConnectRetry = 1;
        options.ConnectTimeout = Math.Min(options.ConnectTimeout, MaxDiagnosisMilliseconds);
        try
        {
            await using var probe = await ConnectionMultiplexer.ConnectAsync(options).ConfigureAwait(false);
            return null;
        }
        catch (RedisConnectionException e)
        {
            return CannotConnect(e.FailureType, e).Message;
        }
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

    /// <summary>Makes one attempt. It fails before the circuit breaker times out, so callers see the cause.</summary>
    private async Task<OpenConnection> ConnectAsync()
    {
        var refusal = new TaskCompletionSource<RedisConnectionException>(TaskCreationOptions.RunContinuationsAsynchronously);
        var attempt = AttemptAsync(refusal);
        try
        {
            var first = await Task.WhenAny(attempt, refusal.Task).WaitAsync(_settings.MaxConnectTime).ConfigureAwait(false);
            return first == attempt
                ? await attempt.ConfigureAwait(false)
                : throw await refusal.Task.ConfigureAwait(false);
        }
        catch (RedisConnectionException e)
        {
            _ = DiscardAsync(attempt);
            throw CannotConnect(e.FailureType, e);
        }
        catch (TimeoutException e)
        {
            _ = DiscardAsync(attempt);
            throw CannotConnect(ConnectionFailureType.UnableToConnect, e);
        }
    }

    /// <param name="refusal">Completes when the client knows the cause of a failure. The client itself keeps trying.</param>
    private async Task<OpenConnection> AttemptAsync(TaskCompletionSource<RedisConnectionException> refusal)
    {
        var multiplexer = string.IsNullOrEmpty(_settings.Connection.ServiceName)
            ? await ConnectionMultiplexer.ConnectAsync(_settings.Connection).ConfigureAwait(false)
            : await ConnectToPrimaryAsync(_settings.Connection.ServiceName).ConfigureAwait(false);
        try
        {
            multiplexer.ConnectionFailed += OnConnectionFailed;
            // Whether this is a cluster, and with it the key layout, is unknown until a server has replied.
            await multiplexer.GetDatabase().PingAsync().ConfigureAwait(false);
            multiplexer.ConnectionFailed -= OnConnectionFailed;
            var onCluster = multiplexer.GetServers().Any(server => server.IsConnected && server.ServerType == ServerType.Cluster);
            return new OpenConnection(
                multiplexer,
                multiplexer.GetDatabase(onCluster ? 0 : -1),
                new KeyLayout(_settings.KeyPrefix, onCluster),
                // On a cluster, a script cannot read a key in another slot.
                onCluster ? null : _settings.Identity);
        }
        catch
        {
            await multiplexer.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        void OnConnectionFailed(object? sender, ConnectionFailedEventArgs failed)
        {
            // With several servers, another one may still reply.
            if (multiplexer.IsConnected || failed.Exception is not { } cause) return;
            refusal.TrySetResult(new RedisConnectionException(failed.FailureType, CommandFlags.None, cause.Message, cause));
        }
    }

    /// <summary>Closes a connection that an attempt opens after its callers have been answered.</summary>
    private static async Task DiscardAsync(Task<OpenConnection> attempt)
    {
        await ((Task)attempt).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (attempt.IsCompletedSuccessfully) await (await attempt.ConfigureAwait(false)).Multiplexer.DisposeAsync().ConfigureAwait(false);
    }

    private RedisConnectionException CannotConnect(ConnectionFailureType kind, Exception cause)
    {
        var servers = string.Join(", ", _settings.Connection.EndPoints.Select(EndPointCollection.ToString));
        return RedisErrorText.CreateFailure(
            kind, $"{_settings.Path} cannot connect to Redis at {servers}: {RedisErrorText.Describe(cause)}");
    }
}
