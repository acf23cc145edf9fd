using System.Globalization;
using StackExchange.Redis;

namespace Morag.Failover.Node.Stores;

/// <summary>What Redis does when its memory is full.</summary>
/// <param name="Policy"><c>maxmemory-policy</c>; null where Redis does not say.</param>
/// <param name="MaxMemory">Bytes of <c>maxmemory</c>; 0: no limit.</param>
/// <param name="Evicted">How many keys were evicted since the server started.</param>
/// <param name="RunId">The run of the server that has evicted them.</param>
internal sealed record MemoryPolicy(string? Policy, long MaxMemory, long Evicted, string RunId)
{
    private const string Remedy = "set maxmemory-policy to noeviction (redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf)";

    /// <summary>Whether keys without an expiry, as all of the journal are, can be evicted now.</summary>
    public bool Evicts => IsForAllKeys && MaxMemory > 0;

    /// <summary>Why a node must not store anything here; null where it may.</summary>
    public string? Refusal => Evicts
        ? $"maxmemory-policy is {Policy} with a maxmemory of {MaxMemory.ToString("N0", CultureInfo.InvariantCulture)} bytes, so Redis will remove events when its memory is full: {Remedy}"
        : null;

    /// <summary>What an operator should know; null where there is nothing.</summary>
    public string? Warning => IsForAllKeys && MaxMemory == 0
        ? $"maxmemory-policy is {Policy}: as soon as maxmemory is set, Redis removes events when its memory is full; {Remedy}"
        : null;

    /// <summary>What is as it should be, but looks as if it were not.</summary>
    public string? Note => Policy?.StartsWith("volatile-", StringComparison.Ordinal) == true
        ? $"maxmemory-policy is {Policy}: it evicts only keys that expire, and those of the journal do not"
        : null;

    private bool IsForAllKeys => Policy?.StartsWith("allkeys-", StringComparison.Ordinal) == true;

    /// <summary>Asks the primary; null where it may not be asked.</summary>
    /// <exception cref="RedisException">Redis does not answer.</exception>
    public static async Task<MemoryPolicy?> ReadAsync(IDatabase redis)
    {
        try
        {
            return Parse(((string?)await redis.ExecuteAsync("INFO", [], CommandFlags.DemandMaster)) ?? "");
        }
        catch (RedisServerException)
        {
            // The user may not.
            return null;
        }
    }

    /// <summary>Reads what <c>INFO</c> says.</summary>
    public static MemoryPolicy Parse(string info)
    {
        var lines = info.Split('\n', StringSplitOptions.TrimEntries)
            .Select(line => line.Split(':', 2))
            .Where(parts => parts.Length == 2)
            .GroupBy(parts => parts[0])
            .ToDictionary(group => group.Key, group => group.First()[1]);
        return new MemoryPolicy(lines.GetValueOrDefault("maxmemory_policy"), Number("maxmemory"), Number("evicted_keys"), lines.GetValueOrDefault("run_id", ""));

        long Number(string name) => long.TryParse(lines.GetValueOrDefault(name), CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
