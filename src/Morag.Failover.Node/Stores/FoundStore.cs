using System.Globalization;
using StackExchange.Redis;

namespace Morag.Failover.Node.Stores;

/// <summary>What says of a Redis which journal it holds.</summary>
internal sealed record FoundStore
{
    /// <summary>The key of the journal's id.</summary>
    public const string JournalIdKey = "morag:journal-id";

    /// <summary>Counts the calls of the journal that have written; the journal keeps it.</summary>
    public const string WritesKey = JournalIdKey + ":writes";

    /// <summary>The set of the ids of the journals in whose place an operator has put this one.</summary>
    public const string ReplacedKey = "morag:replaced-journals";

    // The first owner to write. On Redis Cluster its key has another name.
    private static readonly RedisKey[] EventKeys = ["journal:persisted:queue-0", "{__queue-0}.journal:persisted:queue-0"];

    private static readonly RedisKey[] NumberKeys = [.. EventKeys.Select(key => key.Append(":highestSequenceNr"))];

    /// <summary>The id; null if it is missing.</summary>
    public string? JournalId { get; init; }

    /// <summary>How many calls have written.</summary>
    public long Writes { get; init; }

    /// <summary>The ids of earlier journals, in whose place an operator has put this one.</summary>
    public IReadOnlySet<string> Replaced { get; init; } = new HashSet<string>();

    /// <summary>Whether there are events of a journal.</summary>
    public bool HasData { get; init; }

    /// <summary>The number of the last event of the first owner; 0 if it is missing.</summary>
    public long LastEvent { get; init; }

    /// <summary>
    /// What an operator has to give to go on with events of which nothing says whose they are. It is another one once the journal has gone
    /// on, so that a setting that was left behind accepts no later loss.
    /// </summary>
    public string LossToken => string.Create(CultureInfo.InvariantCulture, $"unnamed-{Writes}-{LastEvent}");

    /// <summary>Looks.</summary>
    /// <exception cref="RedisException">Redis does not answer as it should.</exception>
    public static async Task<FoundStore> ReadAsync(IDatabase redis)
    {
        var id = redis.StringGetAsync(JournalIdKey, CommandFlags.DemandMaster);
        var writes = redis.StringGetAsync(WritesKey, CommandFlags.DemandMaster);
        var replaced = redis.SetMembersAsync(ReplacedKey, CommandFlags.DemandMaster);
        var events = EventKeys.Select(key => redis.KeyExistsAsync(key, CommandFlags.DemandMaster)).ToList();
        var numbers = NumberKeys.Select(key => redis.StringGetAsync(key, CommandFlags.DemandMaster)).ToList();
        return new FoundStore
        {
            JournalId = await id,
            Writes = Number(await writes),
            Replaced = (await replaced).Select(member => member.ToString()).ToHashSet(),
            HasData = (await Task.WhenAll(events)).Contains(true) || (await Task.WhenAll(numbers)).Any(number => !number.IsNull),
            LastEvent = (await Task.WhenAll(numbers)).Max(Number),
        };
    }

    private static long Number(RedisValue value) => value.TryParse(out long number) ? number : 0;
}
