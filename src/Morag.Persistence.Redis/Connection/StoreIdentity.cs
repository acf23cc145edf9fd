using Akka.Configuration;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>
/// A key and its value that identify the right Redis. Every script that writes or begins a recovery checks it itself, so no other server
/// behind the same address can take over between the check and the call.
/// </summary>
/// <param name="Key">The key, without the key prefix.</param>
/// <param name="Value">The value that the key must have.</param>
internal sealed record StoreIdentity(string Key, string Value)
{
    private const string Section = "identity";
    private const string ErrorCode = "WRONGSTORE";

    /// <summary>Counts the calls that have written. It goes back if Redis loses acknowledged writes.</summary>
    public RedisKey Writes => Key + ":writes";

    /// <summary>Reads the settings of one plugin. Returns null if any Redis is accepted.</summary>
    /// <exception cref="ConfigurationException">Only the key or only the value is set.</exception>
    public static StoreIdentity? Read(Config plugin, string path)
    {
        var key = plugin.GetString($"{Section}.key", string.Empty);
        var value = plugin.GetString($"{Section}.value", string.Empty);
        if (key.Length == 0 && value.Length == 0) return null;
        return key.Length > 0 && value.Length > 0
            ? new StoreIdentity(key, value)
            : throw new ConfigurationException($"Set both {path}.{Section}.key and {path}.{Section}.value, or neither.");
    }

    /// <summary>Whether an error of a script means that the identity does not match. Garnet adds ERR before the code.</summary>
    public static bool IsMismatch(string? error) => error?.Contains(ErrorCode, StringComparison.Ordinal) == true;

    /// <summary>Reads the key, and fails unless it has the expected value.</summary>
    /// <exception cref="WrongStoreException">The key is missing or has another value.</exception>
    public async Task CheckAsync(IDatabase redis)
    {
        var found = await redis.StringGetAsync(Key, CommandFlags.DemandMaster).ConfigureAwait(false);
        if (found != Value) throw new WrongStoreException(Key, Value, found);
    }
}
