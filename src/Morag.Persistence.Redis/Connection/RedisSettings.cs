using System.Security.Cryptography;
using Akka.Actor;
using Akka.Configuration;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>Connection settings of one plugin, from its section of the configuration.</summary>
internal sealed record RedisSettings
{
    private const double ConnectShareOfCallTimeout = 0.6;
    private static readonly TimeSpan DefaultCallTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Path of the plugin's section, for messages.</summary>
    public required string Path { get; init; }

    /// <summary>How to connect, and which database to use.</summary>
    public required ConfigurationOptions Connection { get; init; }

    /// <summary>
    /// Time limit of one attempt to connect. It is shorter than the circuit breaker's call timeout, because the breaker would only report
    /// that the call timed out, not why.
    /// </summary>
    public required TimeSpan MaxConnectTime { get; init; }

    /// <summary>Prefix of every key.</summary>
    public required string KeyPrefix { get; init; }

    /// <summary>Identity that Redis must have, or null if any Redis is accepted.</summary>
    public required StoreIdentity? Identity { get; init; }

    /// <summary>Reads and validates the settings of one plugin.</summary>
    /// <exception cref="ConfigurationException">A value is missing or out of range.</exception>
    public static RedisSettings Read(Config plugin, string path)
    {
        var configurationString = plugin.GetString("configuration-string", string.Empty);
        if (string.IsNullOrWhiteSpace(configurationString))
        {
            throw new ConfigurationException(
                $"{path}.configuration-string is empty. Set it to the address of Redis, for example \"127.0.0.1:6379\".");
        }

        ConfigurationOptions connection;
        try
        {
            connection = ConfigurationOptions.Parse(configurationString);
        }
        catch (ArgumentException e)
        {
            throw new ConfigurationException(
                $"{path}.configuration-string is not a connection string of StackExchange.Redis: {e.Message}", e);
        }

        // The first attempt fails with its cause, and the next use tries again. Once open, the client always reconnects by itself.
        connection.AbortOnConnectFail = true;
        connection.ConnectRetry = 1;
        if (!configurationString.Contains("configCheckSeconds", StringComparison.OrdinalIgnoreCase))
            connection.ConfigCheckSeconds = 5;
        // Needed only to list the nodes of a cluster.
        connection.AllowAdmin = true;
        connection.ReconnectRetryPolicy = new LinearRetry(500);
        connection.ClientName ??= path;
        var callTimeout = plugin.GetTimeSpan("circuit-breaker.call-timeout", DefaultCallTimeout, allowInfinite: false);
        var maxConnectTime = callTimeout * ConnectShareOfCallTimeout;
        connection.ConnectTimeout = Math.Min(connection.ConnectTimeout, (int)Math.Min(int.MaxValue, maxConnectTime.TotalMilliseconds));
        connection.DefaultDatabase = plugin.GetBoolean("use-database-number-from-connection-string", false)
            ? connection.DefaultDatabase ?? 0
            : (int)ReadInRange(plugin, path, "database", 0, int.MaxValue);

        var issuer = plugin.GetString("tls-trusted-issuer", string.Empty);
        if (issuer.Length > 0)
            TrustIssuer(connection, issuer, path);

        return new RedisSettings
        {
            Path = path,
            Connection = connection,
            MaxConnectTime = maxConnectTime,
            KeyPrefix = plugin.GetString("key-prefix", string.Empty),
            Identity = StoreIdentity.Read(plugin, path),
        };
    }

    private static void TrustIssuer(ConfigurationOptions connection, string issuer, string path)
    {
        try
        {
            connection.TrustIssuer(issuer);
        }
        catch (Exception e) when (e is CryptographicException or IOException)
        {
            throw new ConfigurationException(
                $"{path}.tls-trusted-issuer is \"{issuer}\", which is not a readable certificate: {e.Message}", e);
        }
    }

    /// <summary>Reads the settings of a journal, for the tools and queries that read it.</summary>
    /// <exception cref="ConfigurationException">There is no such journal, or a value is missing or out of range.</exception>
    public static RedisSettings ReadJournal(ActorSystem system, string journal)
    {
        if (!system.Settings.Config.HasPath(journal))
            throw new ConfigurationException($"The configuration has no journal \"{journal}\".");
        var defaults = RedisPersistence.DefaultConfig().GetConfig(RedisPersistence.JournalPluginId);
        return Read(system.Settings.Config.GetConfig(journal).WithFallback(defaults), journal);
    }

    /// <summary>Reads a number.</summary>
    /// <exception cref="ConfigurationException">The value is out of range.</exception>
    public static long ReadInRange(Config plugin, string path, string key, long lowest, long highest)
        => CheckRange(plugin.GetLong(key, lowest), path, key, lowest, highest);

    /// <summary>Reads a size in bytes.</summary>
    /// <exception cref="ConfigurationException">The value is missing or out of range.</exception>
    public static long ReadBytesInRange(Config plugin, string path, string key, long lowest, long highest)
        => CheckRange(plugin.GetByteSize(key) ?? -1, path, key, lowest, highest);

    /// <summary>Reads a duration.</summary>
    /// <exception cref="ConfigurationException">The value is out of range.</exception>
    public static TimeSpan ReadDurationInRange(Config plugin, string path, string key, TimeSpan shortest, TimeSpan longest)
    {
        var value = plugin.GetTimeSpan(key, TimeSpan.Zero, allowInfinite: false);
        return value >= shortest && value <= longest
            ? value
            : throw new ConfigurationException($"{path}.{key} is {value}, but must be from {shortest} to {longest}.");
    }

    private static long CheckRange(long value, string path, string key, long lowest, long highest)
        => value >= lowest && value <= highest
            ? value
            : throw new ConfigurationException($"{path}.{key} is {value}, but must be from {lowest} to {highest}.");
}
