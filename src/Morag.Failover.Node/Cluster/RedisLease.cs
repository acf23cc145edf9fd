using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Configuration;
using Akka.Coordination;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// A lease in Redis, by which the split brain resolver lets one side of a partition survive. The key holds a random
/// value of this very instance and expires by itself, so a process that comes back under the same address is another
/// owner, and one that died gives the lease up after <c>heartbeat-timeout</c>.
/// </summary>
/// <remarks>
/// Holds as long as Redis does: a Redis that forgets an acknowledged write (a failover to a replica that lagged) can
/// grant the lease twice. Another Redis in its place cannot, where <c>identity</c> says what the right one holds. <see cref="CheckLease"/>
/// counts from before the request was sent, so this side gives up before Redis does.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Akka.Coordination keeps its leases for as long as the system lives and disposes none")]
public sealed class RedisLease : Lease
{
    private const string AcquireScript =
        """
        if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[3] then return -1 end
        local owner = redis.call('GET', KEYS[1])
        if owner and owner ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        return 1
        """;

    private const string RenewScript =
        """
        if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[3] then return -1 end
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        return redis.call('PEXPIRE', KEYS[1], ARGV[2])
        """;

    private const string ReleaseScript =
        """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        return redis.call('DEL', KEYS[1])
        """;

    private const long AnotherRedis = -1;

    private readonly TimeProvider time = TimeProvider.System;
    private readonly TimeoutSettings timeouts;
    private readonly RedisKey[] keys;
    private readonly RedisValue[] identity;
    private readonly RedisValue owner;
    private readonly Lazy<Task<ConnectionMultiplexer>> connection;
    private readonly SemaphoreSlim turn = new(1, 1);
    private volatile Holding? holding;

    /// <summary>Called by Akka.Coordination with the settings of <c>akka.coordination.lease.redis</c>.</summary>
    /// <exception cref="ConfigurationException">A setting is missing or contradicts another.</exception>
    public RedisLease(LeaseSettings settings, ExtendedActorSystem system)
        : base(settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(system);
        timeouts = settings.TimeoutSettings;
        if (timeouts.HeartbeatInterval >= timeouts.HeartbeatTimeout)
        {
            throw new ConfigurationException(
                $"heartbeat-interval of the lease ({timeouts.HeartbeatInterval}) has to be shorter than its heartbeat-timeout ({timeouts.HeartbeatTimeout})");
        }

        RedisKey key = settings.LeaseConfig.GetString("key-prefix", "") + "lease:" + settings.LeaseName;
        var identityKey = settings.LeaseConfig.GetString("identity.key", "");
        keys = identityKey.Length == 0 ? [key] : [key, identityKey];
        identity = identityKey.Length == 0 ? [] : [settings.LeaseConfig.GetString("identity.value", "")];
        owner = $"{settings.OwnerName}/{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
        var options = ConnectionOptions(settings.LeaseConfig.GetString("connection-string", ""));
        connection = new(() => ConnectionMultiplexer.ConnectAsync(options));
        _ = EndWithAsync(system);
    }

    /// <inheritdoc />
    public override Task<bool> Acquire() => Acquire(static _ => { });

    /// <inheritdoc />
    public override async Task<bool> Acquire(Action<Exception?> leaseLostCallback)
    {
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            var asked = time.GetTimestamp();
            var granted = await RunAsync(AcquireScript, [owner, Milliseconds(timeouts.HeartbeatTimeout), .. identity], timeouts.OperationTimeout).ConfigureAwait(false);
            if (!granted)
            {
                return false;
            }

            if (holding is { } held)
            {
                held.RenewedAt = asked;
                held.Lost = leaseLostCallback;
            }
            else
            {
                holding = new Holding { RenewedAt = asked, Lost = leaseLostCallback };
                _ = KeepAsync(holding);
            }

            return true;
        }
        catch (LeaseException) when (holding is null)
        {
            // The request may be carried out all the same. A lease that its owner does not know of would deny the
            // other side of a partition, too, and so end both.
            ReleaseUnknown();
            throw;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc />
    public override async Task<bool> Release()
    {
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            LetGo();
            await RunAsync(ReleaseScript, [owner], timeouts.OperationTimeout).ConfigureAwait(false);
            return true;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc />
    public override bool CheckLease() => holding is { } held && Remaining(held) > TimeSpan.Zero;

    private static ConfigurationOptions ConnectionOptions(string connectionString)
    {
        if (connectionString.Length == 0)
        {
            throw new ConfigurationException("akka.coordination.lease.redis.connection-string is empty: a lease between nodes needs the Redis that they share");
        }

        var options = ConfigurationOptions.Parse(connectionString);
        options.AbortOnConnectFail = false;
        // A request that waits for a connection would take the lease long after its caller gave up.
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ClientName = "morag-lease";
        return options;
    }

    private static RedisValue Milliseconds(TimeSpan span) => ((long)span.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    private TimeSpan Remaining(Holding held) => timeouts.HeartbeatTimeout - time.GetElapsedTime(held.RenewedAt);

    /// <summary>Renews the lease until it is released or lost.</summary>
    private async Task KeepAsync(Holding held)
    {
        while (await PauseAsync(held).ConfigureAwait(false))
        {
            var asked = time.GetTimestamp();
            try
            {
                var remaining = Remaining(held);
                if (remaining <= TimeSpan.Zero)
                {
                    Lose(held, new LeaseTimeoutException($"The lease {Settings.LeaseName} ran out: it could not be renewed for {timeouts.HeartbeatTimeout}"));
                }
                else if (await RunAsync(RenewScript, [owner, Milliseconds(timeouts.HeartbeatTimeout), .. identity], Shorter(remaining, timeouts.OperationTimeout)).ConfigureAwait(false))
                {
                    held.RenewedAt = asked;
                }
                else
                {
                    Lose(held, new LeaseException($"The lease {Settings.LeaseName} is no longer in Redis, or is another owner's"));
                }
            }
            catch (LeaseException)
            {
                // Another attempt is made while it may still be ours; CheckLease says no once it may not.
            }
        }
    }

    /// <summary>Waits for the next renewal; false if the lease is no longer held.</summary>
    private async Task<bool> PauseAsync(Holding held)
    {
        try
        {
            var remaining = Remaining(held);
            await Task.Delay(remaining > TimeSpan.Zero ? Shorter(remaining, timeouts.HeartbeatInterval) : TimeSpan.Zero, time, held.Ended.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Lose(Holding held, Exception reason)
    {
        if (Interlocked.CompareExchange(ref holding, null, held) == held)
        {
            held.Ended.Cancel();
            held.Lost(reason);
        }
    }

    private void LetGo() => Interlocked.Exchange(ref holding, null)?.Ended.Cancel();

    private void ReleaseUnknown()
    {
        if (connection.Value.IsCompletedSuccessfully)
        {
            _ = connection.Value.GetAwaiter().GetResult().GetDatabase().ScriptEvaluateAsync(ReleaseScript, keys[..1], [owner], CommandFlags.FireAndForget);
        }
    }

    private async Task<bool> RunAsync(string script, RedisValue[] arguments, TimeSpan bound)
    {
        try
        {
            var redis = await connection.Value.WaitAsync(bound).ConfigureAwait(false);
            // On a cluster no script can look at a key in another slot.
            var onCluster = Array.Exists(redis.GetServers(), server => server.IsConnected && server.ServerType == ServerType.Cluster);
            var result = await redis.GetDatabase().ScriptEvaluateAsync(script, onCluster ? keys[..1] : keys, arguments).WaitAsync(bound).ConfigureAwait(false);
            return (long)result switch
            {
                AnotherRedis => throw new LeaseException(
                    $"Redis does not hold {identity[0]} in {keys[1]}: it is another Redis, which cannot say about the lease {Settings.LeaseName}"),
                var answer => answer == 1,
            };
        }
        catch (TimeoutException e)
        {
            throw new LeaseTimeoutException($"Redis did not answer about the lease {Settings.LeaseName} within {bound}", e);
        }
        catch (Exception e) when (e is RedisException or RedisCommandException)
        {
            throw new LeaseException($"Redis cannot say about the lease {Settings.LeaseName}: {RedisErrorText.Describe(e)}", e);
        }
    }

    /// <summary>
    /// A stopped system renews nothing more, and leaves the key to expire: the nodes that it may have downed must not
    /// find the lease free at once.
    /// </summary>
    private async Task EndWithAsync(ActorSystem system)
    {
        await system.WhenTerminated.ConfigureAwait(false);
        LetGo();
        if (connection.IsValueCreated)
        {
            await (await connection.Value.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private sealed class Holding
    {
        private long renewedAt;

        /// <summary>When the last successful request was about to be sent.</summary>
        public required long RenewedAt
        {
            get => Volatile.Read(ref renewedAt);
            set => Volatile.Write(ref renewedAt, value);
        }

        public required Action<Exception?> Lost { get; set; }

        public CancellationTokenSource Ended { get; } = new();
    }
}
