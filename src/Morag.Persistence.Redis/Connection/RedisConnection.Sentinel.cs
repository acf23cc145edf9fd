using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

internal sealed partial class RedisConnection
{
    /// <summary>
    /// Connects only to the primary that the sentinels name. The client's own Sentinel support also keeps the previous primary. If that
    /// one was only frozen or cut off and still believes that it is the primary, the client writes to either.
    /// </summary>
    private async Task<ConnectionMultiplexer> ConnectToPrimaryAsync(string service)
    {
        if (_sentinels is null)
        {
            var connected = await ConnectToSentinelsAsync(service).ConfigureAwait(false);
            // An abandoned attempt may have connected first.
            if (Interlocked.CompareExchange(ref _sentinels, connected, null) is not null)
                await connected.DisposeAsync().ConfigureAwait(false);
        }

        var sentinel = _sentinels.GetServers().FirstOrDefault(static server => server.IsConnected)
            ?? throw NoPrimary("no sentinel replies");
        var address = await sentinel.SentinelGetMasterAddressByNameAsync(service).ConfigureAwait(false)
            ?? throw NoPrimary($"the sentinels do not know the service \"{service}\"");

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

    /// <summary>Closes the connection, which fails its pending commands. The next use asks the sentinels for the primary.</summary>
    /// <param name="only">If given, does nothing unless this is still the current connection.</param>
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
}
