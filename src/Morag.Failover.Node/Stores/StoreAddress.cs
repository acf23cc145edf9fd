using Morag.Failover.Node.Configuration;
using StackExchange.Redis;

namespace Morag.Failover.Node.Stores;

/// <summary>The Redis that a node uses. Not a record, because its text would contain the password.</summary>
public sealed class StoreAddress
{
    private string? authority;

    private StoreAddress(string name, string connectionString, string recordFile)
    {
        Name = name;
        ConnectionString = connectionString;
        RecordFile = recordFile;
    }

    /// <summary>The name for messages, such as <c>Redis at redis.example:6379</c>.</summary>
    public string Name { get; }

    /// <summary>Whether it is the Redis of <c>morag.redis</c> rather than the embedded one.</summary>
    public bool IsConfigured { get; private init; }

    /// <summary>The connection string for StackExchange.Redis.</summary>
    public string ConnectionString { get; }

    /// <summary>The full path of the file for the <see cref="JournalRecord"/>.</summary>
    public string RecordFile { get; }

    /// <summary>The loss that the operator accepts (<see cref="RecordedJournal.LossToken"/>); null if none.</summary>
    public string? AcceptedLoss { get; private init; }

    /// <summary>Whether the operator has accepted a loss found by the embedded Redis at this start.</summary>
    public bool AcceptsAnyLoss { get; private init; }

    /// <summary>Opens a connection for inspection.</summary>
    /// <param name="name">The client name of the connection.</param>
    /// <param name="waits">Whether to keep connecting in the background if Redis does not answer.</param>
    /// <exception cref="RedisConnectionException">Redis does not answer, and <paramref name="waits"/> is false.</exception>
    public Task<ConnectionMultiplexer> ConnectAsync(string name, bool waits)
    {
        var options = RedisOptions.Of(ConnectionString, authority);
        options.AbortOnConnectFail = !waits;
        options.ClientName = name;
        // StackExchange.Redis treats INFO as an admin command.
        options.AllowAdmin = true;
        return ConnectionMultiplexer.ConnectAsync(options);
    }

    /// <summary>An external Redis server.</summary>
    public static StoreAddress Of(string connectionString, NodeOptions options) => new(
        $"Redis at {string.Join(", ", ConfigurationOptions.Parse(connectionString).EndPoints.Select(EndPointCollection.ToString))}",
        connectionString,
        Path.Combine(options.DataFolder, "journal.json"))
    {
        IsConfigured = true,
        authority = options.RedisAuthority,
        AcceptedLoss = options.AcceptedDataLoss,
    };

    /// <summary>The embedded Redis. It has its own record, so that a node can switch between the two.</summary>
    public static StoreAddress Of(EmbeddedRedis.EmbeddedRedis embedded, NodeOptions options) => new(
        $"The embedded Redis in {options.EmbeddedRedisFolder}",
        embedded.ConnectionString,
        Path.Combine(options.DataFolder, "journal-embedded.json"))
    {
        AcceptedLoss = options.AcceptedDataLoss,
        AcceptsAnyLoss = embedded.AcceptedDataLoss,
    };
}
