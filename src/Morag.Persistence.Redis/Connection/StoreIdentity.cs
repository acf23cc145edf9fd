using Akka.Configuration;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>
/// By what Redis is told from any other: a key that holds a value. Each script that writes, or begins a recovery, looks at it, so
/// that nothing comes between the look and what follows, not even another server behind the same address.
/// </summary>
/// <param name="Key">The key, as it is: no prefix is put before it.</param>
/// <param name="Value">What it has to hold.</param>
internal sealed record StoreIdentity(string Key, string Value)
{
    private const string Section = "identity";
    private const string ErrorCode = "WRONGSTORE";

    /// <summary>Counts the calls that have written. It goes back when Redis forgets what it had acknowledged.</summary>
    public RedisKey Writes => Key + ":writes";

    /// <summary>Reads the settings of one plugin; null where Redis may be any.</summary>
    /// <exception cref="ConfigurationException">One of both is missing.</exception>
    public static StoreIdentity? Read(Config plugin, string path)
    {
        var key = plugin.GetString($"{Section}.key", string.Empty);
        var value = plugin.GetString($"{Section}.value", string.Empty);
        if (key.Length == 0 && value.Length == 0) return null;
        return key.Length > 0 && value.Length > 0
            ? new StoreIdentity(key, value)
            : throw new ConfigurationException($"{path}.{Section}.key and {path}.{Section}.value have to be given together, or neither.");
    }

    /// <summary>Whether an error of a script means that Redis is another. Garnet puts ERR before it.</summary>
    public static bool Refuses(string? error) => error?.Contains(ErrorCode, StringComparison.Ordinal) == true;

    /// <summary>Fails unless Redis is the one.</summary>
    /// <exception cref="WrongStoreException">It is another.</exception>
    public async Task CheckAsync(IDatabase redis)
    {
        var found = await redis.StringGetAsync(Key, CommandFlags.DemandMaster).ConfigureAwait(false);
        if (found != Value) throw new WrongStoreException(Key, Value, found);
    }
}
