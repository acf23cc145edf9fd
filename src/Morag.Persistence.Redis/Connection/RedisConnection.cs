using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>
/// The connection of one plugin instance. It is opened at the first use; an attempt that fails is not remembered,
/// and a connection that breaks is opened again in the background.
/// </summary>
internal sealed class RedisConnection
{
    private const int LongestDiagnosis = 1000;

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

    /// <summary>The open connection, once there is one.</summary>
    /// <exception cref="RedisException">Redis could not be reached; the next call tries anew.</exception>
    public ValueTask<OpenConnection> OpenAsync(CancellationToken cancellation)
    {
        var opening = Volatile.Read(ref _opening);
        return opening is { IsCompletedSuccessfully: true }
            ? new ValueTask<OpenConnection>(opening)
            : new ValueTask<OpenConnection>(OpenOnceAsync(cancellation));
    }

    /// <summary>
    /// Why Redis cannot be reached; null where it can. While it cannot, callers share one probe in two seconds: a platform that looks at
    /// readiness often must not flood a server with connections that is about to come back.
    /// </summary>
    /// <exception cref="RedisException">Redis has not been reached yet.</exception>
    public async Task<string?> WhyUnreachableAsync(CancellationToken cancellation)
    {
        var opening = Volatile.Read(ref _opening);
        return opening is { IsCompletedSuccessfully: true } && (await opening.ConfigureAwait(false)).Multiplexer.IsConnected
            ? null
            : await _probe.AskAsync(cancellation).ConfigureAwait(false);
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
        _sentinels?.Dispose();
    }

    private async Task<string?> ProbeAsync()
    {
        var open = await OpenAsync(CancellationToken.None).ConfigureAwait(false);
        return open.Multiplexer.IsConnected ? null : await DiagnoseAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Asks on a connection of its own. The one in use knows that it was broken, and not that it is not let in again, such as after the
    /// password was changed.
    /// </summary>
    private async Task<string?> DiagnoseAsync()
    {
        if (!string.IsNullOrEmpty(_settings.Connection.ServiceName)) return null;
        var options = _settings.Connection.Clone();
        options.AbortOnConnectFail = true;
        options.ConnectRetry = 1;
        options.ConnectTimeout = Math.Min(options.ConnectTimeout, LongestDiagnosis);
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

    /// <summary>One attempt. It ends before the circuit breaker does, so that callers learn the reason.</summary>
    private async Task<OpenConnection> ConnectAsync()
    {
        var refusal = new TaskCompletionSource<RedisConnectionException>(TaskCreationOptions.RunContinuationsAsynchronously);
        var attempt = AttemptAsync(refusal);
        try
        {
            var first = await Task.WhenAny(attempt, refusal.Task).WaitAsync(_settings.LongestConnect).ConfigureAwait(false);
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

    /// <param name="refusal">Completes as soon as the client knows why it has no connection, while it goes on trying.</param>
    private async Task<OpenConnection> AttemptAsync(TaskCompletionSource<RedisConnectionException> refusal)
    {
        var multiplexer = string.IsNullOrEmpty(_settings.Connection.ServiceName)
            ? await ConnectionMultiplexer.ConnectAsync(_settings.Connection).ConfigureAwait(false)
            : await ConnectToPrimaryAsync(_settings.Connection.ServiceName).ConfigureAwait(false);
        try
        {
            multiplexer.ConnectionFailed += Refused;
            // Until one server has answered it is not known whether this is a cluster, and with that what the keys are.
            await multiplexer.GetDatabase().PingAsync().ConfigureAwait(false);
            multiplexer.ConnectionFailed -= Refused;
            var onCluster = multiplexer.GetServers().Any(server => server.IsConnected && server.ServerType == ServerType.Cluster);
            return new OpenConnection(
                multiplexer,
                multiplexer.GetDatabase(onCluster ? 0 : -1),
                new KeyLayout(_settings.KeyPrefix, onCluster),
                // On a cluster no script can look at a key in another slot.
                onCluster ? null : _settings.Identity);
        }
        catch
        {
            await multiplexer.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        void Refused(object? sender, ConnectionFailedEventArgs failed)
        {
            // Of several servers others may answer.
            if (multiplexer.IsConnected || failed.Exception is not { } cause) return;
            refusal.TrySetResult(new RedisConnectionException(failed.FailureType, CommandFlags.None, cause.Message, cause));
        }
    }

    /// <summary>Closes what an attempt opens after its callers were answered.</summary>
    private static async Task DiscardAsync(Task<OpenConnection> attempt)
    {
        await ((Task)attempt).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (attempt.IsCompletedSuccessfully) await (await attempt.ConfigureAwait(false)).Multiplexer.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Connects to the primary that the sentinels name, and to it alone. Left to itself, the client knows also the one before,
    /// and when that was only frozen or cut off, and still takes itself for the primary, writes to either.
    /// </summary>
    private async Task<ConnectionMultiplexer> ConnectToPrimaryAsync(string service)
    {
        if (_sentinels is null)
        {
            var made = await ConnectToSentinelsAsync(service).ConfigureAwait(false);
            // An attempt that was given up may have been here meanwhile.
            if (Interlocked.CompareExchange(ref _sentinels, made, null) is not null) await made.DisposeAsync().ConfigureAwait(false);
        }

        var sentinel = _sentinels.GetServers().FirstOrDefault(static server => server.IsConnected)
            ?? throw NoPrimary("no sentinel answers");
        var address = await sentinel.SentinelGetMasterAddressByNameAsync(service).ConfigureAwait(false)
            ?? throw NoPrimary($"the sentinels do not know \"{service}\"");

        var options = _settings.Connection.Clone();
        options.ServiceName = null;
        options.EndPoints.Clear();
        options.EndPoints.Add(address);
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(options).ConfigureAwait(false);
        multiplexer.ConnectionFailed += (_, _) => Abandon(multiplexer);
        return multiplexer;
    }

    private async Task<ConnectionMultiplexer> ConnectToSentinelsAsync(string service)
    {
        var sentinels = await ConnectionMultiplexer.SentinelConnectAsync(_settings.Connection.Clone()).ConfigureAwait(false);
        await sentinels.GetSubscriber()
            .SubscribeAsync(RedisChannel.Literal("+switch-master"), (_, message) =>
            {
                if (((string?)message)?.StartsWith(service + " ", StringComparison.Ordinal) == true) Abandon();
            })
            .ConfigureAwait(false);
        return sentinels;
    }

    /// <summary>Fails what is under way, and asks the sentinels for the primary at the next use.</summary>
    /// <param name="only">Does nothing where the connection is another by now.</param>
    private void Abandon(ConnectionMultiplexer? only = null)
    {
        Task<OpenConnection>? opening;
        lock (_gate)
        {
            opening = _opening;
            if (_closed || opening is not { IsCompletedSuccessfully: true }) return;
            if (only is not null && !ReferenceEquals(opening.GetAwaiter().GetResult().Multiplexer, only)) return;
            _opening = null;
        }

        _ = opening.GetAwaiter().GetResult().Multiplexer.DisposeAsync().AsTask();
    }

    private static RedisConnectionException NoPrimary(string reason) =>
        RedisErrorText.CreateFailure(ConnectionFailureType.UnableToConnect, reason);

    private RedisConnectionException CannotConnect(ConnectionFailureType kind, Exception cause)
    {
        var where = string.Join(", ", _settings.Connection.EndPoints.Select(EndPointCollection.ToString));
        return RedisErrorText.CreateFailure(kind, $"{_settings.Path} cannot connect to Redis at {where}: {RedisErrorText.Describe(cause)}");
    }
}

/// <summary>A connection that was made.</summary>
/// <param name="Multiplexer">The owner of the sockets.</param>
/// <param name="Database">Where the commands go.</param>
/// <param name="Keys">The names of the keys there.</param>
/// <param name="Identity">What the scripts have to find there; null where Redis may be any.</param>
internal sealed record OpenConnection(IConnectionMultiplexer Multiplexer, IDatabase Database, KeyLayout Keys, StoreIdentity? Identity)
{
    /// <summary>Fails unless Redis is the one that it has to be.</summary>
    /// <exception cref="WrongStoreException">It is another.</exception>
    public Task CheckIdentityAsync() => Identity is { } identity
        ? AskAsync(async redis =>
        {
            await identity.CheckAsync(redis).ConfigureAwait(false);
            return true;
        })
        : Task.CompletedTask;

    /// <summary>Asks Redis.</summary>
    /// <exception cref="RedisConnectionException">Among others: the connection was given up meanwhile.</exception>
    public async Task<T> AskAsync<T>(Func<IDatabase, Task<T>> question)
    {
        try
        {
            return await question(Database).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (ReadOnlyReplica.Says(e.Message))
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
            // What the client says of it helps nobody.
            throw RedisErrorText.CreateFailure(
                ConnectionFailureType.ConnectionDisposed,
                "The connection was given up while Redis was asked: there is another primary, or the plugin stops.");
        }
    }
}
