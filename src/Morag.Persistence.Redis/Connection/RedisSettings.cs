using System.Security.Cryptography;
using Akka.Actor;
using Akka.Configuration;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>Where the data of one plugin is, read from its section of the configuration.</summary>
internal sealed record RedisSettings
{
    private const double ShareForConnecting = 0.6;
    private static readonly TimeSpan DefaultCallTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The plugin's place in the configuration, for messages.</summary>
    public required string Path { get; init; }

    /// <summary>How to connect. Its default database is the one to use.</summary>
    public required ConfigurationOptions Connection { get; init; }

    /// <summary>
    /// How long one attempt to connect may take: shorter than the circuit breaker waits for a call, which would else answer that the
    /// call timed out, and not why.
    /// </summary>
    public required TimeSpan LongestConnect { get; init; }

    /// <summary>Put before every key.</summary>
    public required string KeyPrefix { get; init; }

    /// <summary>By what Redis is told from any other; null where it may be any.</summary>
    public required StoreIdentity? Identity { get; init; }

    /// <summary>Reads and checks the settings of one plugin.</summary>
    /// <exception cref="ConfigurationException">A value is missing or outside its range.</exception>
    public static RedisSettings Read(Config plugin, string path)
    {
        var configurationString = plugin.GetString("configuration-string", string.Empty);
        if (string.IsNullOrWhiteSpace(configurationString))
            throw new ConfigurationException($"{path}.configuration-string is empty: it has to say where Redis is, for example \"127.0.0.1:6379\".");

        ConfigurationOptions connection;
        try
        {
            connection = ConfigurationOptions.Parse(configurationString);
        }
        catch (ArgumentException e)
        {
            throw new ConfigurationException($"{path}.configuration-string cannot be read: {e.Message}", e);
        }

        // A first attempt that fails says why, and the next use makes another; what was open is always opened again.
        connection.AbortOnConnectFail = true;
        connection.ConnectRetry = 1;
        if (!configurationString.Contains("configCheckSeconds", StringComparison.OrdinalIgnoreCase))
            connection.ConfigCheckSeconds = 5;
        // Asking a cluster for its nodes is all that we do with it.
        connection.AllowAdmin = true;
        connection.ReconnectRetryPolicy = new LinearRetry(500);
        connection.ClientName ??= path;
        var longestConnect = plugin.GetTimeSpan("circuit-breaker.call-timeout", DefaultCallTimeout, allowInfinite: false) * ShareForConnecting;
        connection.ConnectTimeout = Math.Min(connection.ConnectTimeout, (int)Math.Min(int.MaxValue, longestConnect.TotalMilliseconds));
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
            LongestConnect = longestConnect,
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
            throw new ConfigurationException($"{path}.tls-trusted-issuer: the certificate \"{issuer}\" cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Where a journal has its data, for those who read it.</summary>
    /// <exception cref="ConfigurationException">There is no such journal, or a value is missing or outside its range.</exception>
    public static RedisSettings OfJournal(ActorSystem system, string journal)
    {
        if (!system.Settings.Config.HasPath(journal))
            throw new ConfigurationException($"There is no journal \"{journal}\" in the configuration.");
        var plugin = system.Settings.Config.GetConfig(journal).WithFallback(RedisPersistence.DefaultConfig().GetConfig(RedisPersistence.JournalPluginId));
        return Read(plugin, journal);
    }

    /// <summary>Reads a number and checks its range.</summary>
    /// <exception cref="ConfigurationException">The value is outside its range.</exception>
    public static long ReadInRange(Config plugin, string path, string key, long lowest, long highest)
        => CheckRange(plugin.GetLong(key, lowest), path, key, lowest, highest);

    /// <summary>Reads a size in bytes and checks its range.</summary>
    /// <exception cref="ConfigurationException">The value is missing or outside its range.</exception>
    public static long ReadBytesInRange(Config plugin, string path, string key, long lowest, long highest)
        => CheckRange(plugin.GetByteSize(key) ?? -1, path, key, lowest, highest);

    /// <summary>Reads a duration and checks its range.</summary>
    /// <exception cref="ConfigurationException">The value is outside its range.</exception>
    public static TimeSpan ReadDurationInRange(Config plugin, string path, string key, TimeSpan shortest, TimeSpan longest)
    {
        var value = plugin.GetTimeSpan(key, TimeSpan.Zero, allowInfinite: false);
        return value >= shortest && value <= longest
            ? value
            : throw new ConfigurationException($"{path}.{key} is {value}, but has to be from {shortest} to {longest}.");
    }

    private static long CheckRange(long value, string path, string key, long lowest, long highest)
        => value >= lowest && value <= highest
            ? value
            : throw new ConfigurationException($"{path}.{key} is {value}, but has to be from {lowest} to {highest}.");
}
