using Morag.Failover.Node.Configuration;
using StackExchange.Redis;

namespace Morag.Failover.Node.Stores;

/// <summary>Which Redis a node uses. Not a record: its text would show a password.</summary>
public sealed class StoreAddress
{
    private StoreAddress(string name, string connectionString, string recordFile)
    {
        Name = name;
        ConnectionString = connectionString;
        RecordFile = recordFile;
    }

    /// <summary>What messages call it, such as <c>Redis at redis.example:6379</c>.</summary>
    public string Name { get; }

    /// <summary>Whether it is the Redis of <c>morag.redis</c>, and not the node's own.</summary>
    public bool IsConfigured { get; private init; }

    /// <summary>For StackExchange.Redis.</summary>
    public string ConnectionString { get; }

    /// <summary>Full path of the file in which the node records what it knows of the journal there.</summary>
    public string RecordFile { get; }

    /// <summary>The loss that an operator accepts (<see cref="RecordedJournal.LossToken"/>); null: none.</summary>
    public string? AcceptedLoss { get; private init; }

    /// <summary>Whether the operator has accepted, at this start, a loss that the embedded Redis has found.</summary>
    public bool AcceptsAnyLoss { get; private init; }

    /// <summary>Connects, to look at what is there.</summary>
    /// <param name="name">What Redis calls the connection.</param>
    /// <param name="waits">Whether to go on where nothing answers, and to connect later.</param>
    /// <exception cref="RedisConnectionException">Nothing answers.</exception>
    public Task<ConnectionMultiplexer> ConnectAsync(string name, bool waits)
    {
        var options = ConfigurationOptions.Parse(ConnectionString);
        options.AbortOnConnectFail = !waits;
        options.ClientName = name;
        // For INFO, which StackExchange.Redis counts among the commands of administrators.
        options.AllowAdmin = true;
        return ConnectionMultiplexer.ConnectAsync(options);
    }

    /// <summary>The Redis that a node is given.</summary>
    public static StoreAddress Of(string connectionString, NodeOptions options) => new(
        $"Redis at {string.Join(", ", ConfigurationOptions.Parse(connectionString).EndPoints.Select(EndPointCollection.ToString))}",
        connectionString,
        Path.Combine(options.DataFolder, "journal.json"))
    {
        IsConfigured = true,
        AcceptedLoss = options.AcceptedDataLoss,
    };

    /// <summary>The Redis that a node runs itself. Its record is another one, so that a node can change from one to the other.</summary>
    public static StoreAddress Of(EmbeddedRedis.EmbeddedRedis embedded, NodeOptions options) => new(
        $"The embedded Redis in {options.EmbeddedRedisFolder}",
        embedded.ConnectionString,
        Path.Combine(options.DataFolder, "journal-embedded.json"))
    {
        AcceptedLoss = options.AcceptedDataLoss,
        AcceptsAnyLoss = embedded.AcceptedDataLoss,
    };
}
