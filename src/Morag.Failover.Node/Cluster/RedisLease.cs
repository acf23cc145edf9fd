using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Configuration;
using Akka.Coordination;
using Morag.Failover.Node.Stores;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// A lease in Redis with which the split brain resolver decides which side of a network partition survives. The key holds a random value
/// of this instance, so a process that restarts under the same address is a different owner, and it expires <c>heartbeat-timeout</c> after
/// the owner dies.
/// </summary>
/// <remarks>
/// The lease is as safe as Redis: a Redis that loses an acknowledged write, for example in a failover to a lagging replica, can grant it
/// twice. With <c>identity</c> configured, a different Redis cannot grant it. <see cref="CheckLease"/> measures from before the request was
/// sent, so this side gives up the lease before Redis expires it.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Akka.Coordination keeps leases until the system ends and never disposes them")]
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

    private static readonly TimeSpan ReconnectInterval = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider time = TimeProvider.System;
    private readonly TimeoutSettings timeouts;
    private readonly RedisKey[] keys;
    private readonly RedisValue[] identity;
    private readonly RedisValue owner;
    private readonly AgreementConnection connection;
    private readonly SemaphoreSlim turn = new(1, 1);
    private volatile Holding? holding;

    /// <summary>Created by Akka.Coordination with the settings of <c>akka.coordination.lease.redis</c>.</summary>
    /// <exception cref="ConfigurationException">A setting is missing or invalid.</exception>
    public RedisLease(LeaseSettings settings, ExtendedActorSystem system)
        : base(settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(system);
        timeouts = settings.TimeoutSettings;
        if (timeouts.HeartbeatInterval >= timeouts.HeartbeatTimeout)
        {
            throw new ConfigurationException(
                $"heartbeat-interval of the lease ({timeouts.HeartbeatInterval}) must be shorter than heartbeat-timeout "
                + $"({timeouts.HeartbeatTimeout})");
        }

        RedisKey key = settings.LeaseConfig.GetString("key-prefix", "") + "lease:" + settings.LeaseName;
        var identityKey = settings.LeaseConfig.GetString("identity.key", "");
        keys = identityKey.Length == 0 ? [key] : [key, identityKey];
        identity = identityKey.Length == 0 ? [] : [settings.LeaseConfig.GetString("identity.value", "")];
        owner = $"{settings.OwnerName}/{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
        var connectionString = settings.LeaseConfig.GetString("connection-string", "");
        if (connectionString.Length == 0)
        {
            throw new ConfigurationException(
                "akka.coordination.lease.redis.connection-string is empty. Set it to the Redis that the nodes share");
        }

        connection = new AgreementConnection(
            connectionString, settings.LeaseConfig.GetString("tls-trusted-issuer", ""), "morag-lease", ReconnectInterval);
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
            RedisValue[] arguments = [owner, Milliseconds(timeouts.HeartbeatTimeout), .. identity];
            var granted = await RunAsync(AcquireScript, arguments, timeouts.OperationTimeout).ConfigureAwait(false);
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
            // Redis may still execute the request. A lease that its owner does not know about would also keep the other side of the
            // partition from surviving, and both sides would go down.
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
            StopHolding();
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
                    Lose(held, new LeaseTimeoutException(
                        $"The lease {Settings.LeaseName} expired: it could not be renewed for {timeouts.HeartbeatTimeout}"));
                }
                else if (await RenewAsync(Shorter(remaining, timeouts.OperationTimeout)).ConfigureAwait(false))
                {
                    held.RenewedAt = asked;
                }
                else
                {
                    Lose(held, new LeaseException($"The lease {Settings.LeaseName} is gone from Redis or belongs to another owner"));
                }
            }
            catch (LeaseException)
            {
                // Retried while the lease may still be valid; after that, CheckLease returns false.
            }
        }
    }

    private Task<bool> RenewAsync(TimeSpan timeout) =>
        RunAsync(RenewScript, [owner, Milliseconds(timeouts.HeartbeatTimeout), .. identity], timeout);

    /// <summary>Waits for the next renewal; false if the lease is no longer held.</summary>
    private async Task<bool> PauseAsync(Holding held)
    {
        try
        {
            var remaining = Remaining(held);
            var pause = remaining > TimeSpan.Zero ? Shorter(remaining, timeouts.HeartbeatInterval) : TimeSpan.Zero;
            await Task.Delay(pause, time, held.Ended.Token).ConfigureAwait(false);
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

    private void StopHolding() => Interlocked.Exchange(ref holding, null)?.Ended.Cancel();

    private void ReleaseUnknown() => connection.SendIfOpen(ReleaseScript, keys[..1], [owner]);

    private async Task<bool> RunAsync(string script, RedisValue[] arguments, TimeSpan timeout)
    {
        try
        {
            return (long)await connection.RunAsync(script, keys, arguments, timeout).ConfigureAwait(false) switch
            {
                AnotherRedis => throw new LeaseException(
                    $"{keys[1]} in Redis is not {identity[0]}: this is a different Redis, which cannot grant the lease "
                    + Settings.LeaseName),
                var answer => answer == 1,
            };
        }
        catch (TimeoutException e)
        {
            throw new LeaseTimeoutException($"Redis did not answer a request for the lease {Settings.LeaseName} within {timeout}", e);
        }
        catch (Exception e) when (e is RedisException or RedisCommandException)
        {
            throw new LeaseException($"Redis cannot serve the lease {Settings.LeaseName}: {RedisErrorText.Describe(e)}", e);
        }
    }

    /// <summary>
    /// When the system stops, the lease is not released but left to expire: nodes that this side may have downed must not acquire it at
    /// once.
    /// </summary>
    private async Task EndWithAsync(ActorSystem system)
    {
        await system.WhenTerminated.ConfigureAwait(false);
        StopHolding();
        connection.Dispose();
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private sealed class Holding
    {
        private long renewedAt;

        /// <summary>The time just before the last successful request was sent.</summary>
        public required long RenewedAt
        {
            get => Volatile.Read(ref renewedAt);
            set => Volatile.Write(ref renewedAt, value);
        }

        public required Action<Exception?> Lost { get; set; }

        public CancellationTokenSource Ended { get; } = new();
    }
}
