using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>The names of the keys. On a cluster all keys of one persistence id are in one slot.</summary>
/// <param name="Prefix">Put before every key.</param>
/// <param name="OnCluster">Whether this is Redis Cluster, where each write has to stay in one slot.</param>
internal sealed record KeyLayout(string Prefix, bool OnCluster)
{
    private const string EventsName = "journal:persisted:";
    private const string CounterSuffix = ":highestSequenceNr";
    private const string TagStart = "{__";
    private const string TagEnd = "}.";

    /// <summary>The sorted set of the events of one persistence id.</summary>
    public RedisKey Events(string persistenceId) => EventsText(persistenceId);

    /// <summary>The highest sequence number of one persistence id.</summary>
    public RedisKey Counter(string persistenceId) => EventsText(persistenceId) + CounterSuffix;

    /// <summary>The sorted set of the snapshots of one persistence id.</summary>
    public RedisKey Snapshots(string persistenceId) => SlotTag(persistenceId) + Prefix + "snapshot:" + persistenceId;

    /// <summary>The sorted set of the events of one persistence id that were removed because Redis had brought them back after a crash.</summary>
    public RedisKey Resurfaced(string persistenceId) => SlotTag(persistenceId) + Prefix + "journal:resurfaced:" + persistenceId;

    /// <summary>There while nobody else has to sweep for retention.</summary>
    public RedisKey RetentionTurn => Prefix + "journal:retention";

    /// <summary>What SCAN has to match to find the events and the highest sequence numbers of all persistence ids.</summary>
    public string JournalPattern => (OnCluster ? TagStart + "*" + TagEnd : string.Empty) + EscapeForPattern(Prefix + EventsName) + "*";

    /// <summary>Whose events or highest sequence number is in a key; null where the key is something else.</summary>
    /// <param name="key">A key of the database.</param>
    /// <param name="isCounter">Whether the key is the one of the highest sequence number.</param>
    public string? PersistenceIdIn(string key, out bool isCounter)
    {
        isCounter = key.EndsWith(CounterSuffix, StringComparison.Ordinal);
        var end = isCounter ? key.Length - CounterSuffix.Length : key.Length;
        var around = Prefix.Length + EventsName.Length + (OnCluster ? TagStart.Length + TagEnd.Length : 0);
        // On a cluster the id is there twice, in the slot's tag and at the end.
        var length = (end - around) / (OnCluster ? 2 : 1);
        if (length <= 0) return null;
        var id = key[(end - length)..end];
        return key.AsSpan(0, end).SequenceEqual(EventsText(id)) ? id : null;
    }

    /// <summary>Refuses an id whose events would be where another id has its highest sequence number.</summary>
    /// <exception cref="ArgumentException">The id cannot be stored.</exception>
    public static void CheckPersistenceId(string persistenceId)
    {
        if (persistenceId.EndsWith(CounterSuffix, StringComparison.Ordinal))
            throw new ArgumentException($"The persistence id \"{persistenceId}\" cannot be stored: it ends in \"{CounterSuffix}\", which is the key of another id's highest sequence number.", nameof(persistenceId));
    }

    private string EventsText(string persistenceId) => SlotTag(persistenceId) + Prefix + EventsName + persistenceId;

    private string SlotTag(string persistenceId) => OnCluster ? TagStart + persistenceId + TagEnd : string.Empty;

    private static string EscapeForPattern(string text)
        => string.Concat(text.Select(static c => c is '*' or '?' or '[' or ']' or '\\' ? $"\\{c}" : c.ToString()));
}
