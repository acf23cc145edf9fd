using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>Names of the Redis keys. On a cluster, all keys of one persistence id are in one slot.</summary>
/// <param name="Prefix">Prefix of every key.</param>
/// <param name="OnCluster">Whether this is Redis Cluster, where a script can only use keys of one slot.</param>
internal sealed record KeyLayout(string Prefix, bool OnCluster)
{
    private const string EventsName = "journal:persisted:";
    private const string CounterSuffix = ":highestSequenceNr";
    private const string TagStart = "{__";
    private const string TagEnd = "}.";

    /// <summary>Sorted set of the events of a persistence id.</summary>
    public RedisKey Events(string persistenceId) => EventsText(persistenceId);

    /// <summary>Highest sequence number of a persistence id.</summary>
    public RedisKey Counter(string persistenceId) => EventsText(persistenceId) + CounterSuffix;

    /// <summary>Sorted set of the snapshots of a persistence id.</summary>
    public RedisKey Snapshots(string persistenceId) => SlotTag(persistenceId) + Prefix + "snapshot:" + persistenceId;

    /// <summary>Sorted set with copies of the events that <see cref="Journal.ResurfacedEventRemoval"/> has removed.</summary>
    public RedisKey Resurfaced(string persistenceId) => SlotTag(persistenceId) + Prefix + "journal:resurfaced:" + persistenceId;

    /// <summary>Lock of the retention sweep. It expires when the next sweep is due.</summary>
    public RedisKey RetentionTurn => Prefix + "journal:retention";

    /// <summary>SCAN pattern for the events and the highest sequence numbers of all persistence ids.</summary>
    public string JournalPattern => (OnCluster ? TagStart + "*" + TagEnd : string.Empty) + EscapeForPattern(Prefix + EventsName) + "*";

    /// <summary>Returns the persistence id of a key with events or a highest sequence number, or null for any other key.</summary>
    /// <param name="key">A key of the database.</param>
    /// <param name="isCounter">Whether the key holds a highest sequence number.</param>
    public string? PersistenceIdIn(string key, out bool isCounter)
    {
        isCounter = key.EndsWith(CounterSuffix, StringComparison.Ordinal);
        var end = isCounter ? key.Length - CounterSuffix.Length : key.Length;
        var around = Prefix.Length + EventsName.Length + (OnCluster ? TagStart.Length + TagEnd.Length : 0);
        // On a cluster the id occurs twice: in the slot's tag and at the end.
        var length = (end - around) / (OnCluster ? 2 : 1);
        if (length <= 0) return null;
        var id = key[(end - length)..end];
        return key.AsSpan(0, end).SequenceEqual(EventsText(id)) ? id : null;
    }

    /// <summary>Rejects a persistence id whose events would have the key of another id's highest sequence number.</summary>
    /// <exception cref="ArgumentException">The id cannot be stored.</exception>
    public static void ValidatePersistenceId(string persistenceId)
    {
        if (persistenceId.EndsWith(CounterSuffix, StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"The persistence id \"{persistenceId}\" cannot be stored: it ends in \"{CounterSuffix}\", so its events would have the "
                + "key of another id's highest sequence number. Choose another id.",
                nameof(persistenceId));
        }
    }

    private string EventsText(string persistenceId) => SlotTag(persistenceId) + Prefix + EventsName + persistenceId;

    private string SlotTag(string persistenceId) => OnCluster ? TagStart + persistenceId + TagEnd : string.Empty;

    private static string EscapeForPattern(string text)
        => string.Concat(text.Select(static c => c is '*' or '?' or '[' or ']' or '\\' ? $"\\{c}" : c.ToString()));
}
