using System.Globalization;
using StackExchange.Redis;

namespace Morag.Failover.Node.Stores;

/// <summary>What a Redis says about the journal that it holds.</summary>
internal sealed record FoundStore
{
    /// <summary>The key of the journal's id.</summary>
    public const string JournalIdKey = "morag:journal-id";

    /// <summary>The key of the number of writes, which the journal increments.</summary>
    public const string WritesKey = JournalIdKey + ":writes";

    /// <summary>The key of the ids of the journals that an operator has replaced with this one.</summary>
    public const string ReplacedKey = "morag:replaced-journals";

    // The keys of the first owner that writes.
    private const string EventsKey = "journal:persisted:queue-0";
    private const string EventsKeyOnCluster = "{__queue-0}." + EventsKey;
    private const string NumberSuffix = ":highestSequenceNr";

    /// <summary>The journal id; null if it is missing.</summary>
    public string? JournalId { get; init; }

    /// <summary>The number of writes.</summary>
    public long Writes { get; init; }

    /// <summary>The ids of the journals that an operator has replaced with this one.</summary>
    public IReadOnlySet<string> Replaced { get; init; } = new HashSet<string>();

    /// <summary>Whether Redis holds events of a journal.</summary>
    public bool HasData { get; init; }

    /// <summary>The sequence number of the first owner's last event; 0 if it is missing.</summary>
    public long LastEvent { get; init; }

    /// <summary>
    /// The token with which an operator accepts events of an unknown journal. It changes with every write, so that a forgotten setting does
    /// not accept a later loss.
    /// </summary>
    public string LossToken => string.Create(CultureInfo.InvariantCulture, $"unnamed-{Writes}-{LastEvent}");

    /// <summary>Reads the keys from the primary.</summary>
    /// <exception cref="RedisException">Redis does not answer or answers with an error.</exception>
    public static async Task<FoundStore> ReadAsync(IDatabase redis)
    {
        var onCluster = redis.Multiplexer.GetServers().Any(server => server.IsConnected && server.ServerType == ServerType.Cluster);
        var eventsKey = onCluster ? EventsKeyOnCluster : EventsKey;
        var id = redis.StringGetAsync(JournalIdKey, CommandFlags.DemandMaster);
        var writes = redis.StringGetAsync(WritesKey, CommandFlags.DemandMaster);
        var replaced = redis.SetMembersAsync(ReplacedKey, CommandFlags.DemandMaster);
        var events = redis.KeyExistsAsync(eventsKey, CommandFlags.DemandMaster);
        var number = redis.StringGetAsync(eventsKey + NumberSuffix, CommandFlags.DemandMaster);
        return new FoundStore
        {
            JournalId = await id,
            Writes = Number(await writes),
            Replaced = (await replaced).Select(member => member.ToString()).ToHashSet(),
            HasData = await events || !(await number).IsNull,
            LastEvent = Number(await number),
        };
    }

    private static long Number(RedisValue value) => value.TryParse(out long number) ? number : 0;
}
