using System.Globalization;
using StackExchange.Redis;

namespace Morag.Failover.Node.Stores;

/// <summary>What Redis does when its memory is full.</summary>
/// <param name="Policy"><c>maxmemory-policy</c>; null if Redis does not report it.</param>
/// <param name="MaxMemory"><c>maxmemory</c> in bytes; 0 is no limit.</param>
/// <param name="UsedMemory"><c>used_memory</c> in bytes.</param>
/// <param name="Evicted">The number of keys evicted since the server started.</param>
/// <param name="RunId">The run id of the server.</param>
internal sealed record MemoryPolicy(string? Policy, long MaxMemory, long UsedMemory, long Evicted, string RunId)
{
    private const string Remedy =
        "set maxmemory-policy to noeviction (redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf)";

    /// <summary>Whether keys without an expiry can be evicted. All keys of the journal are of that kind.</summary>
    public bool Evicts => IsForAllKeys && MaxMemory > 0;

    /// <summary>Why a node must not store anything here; null if it can.</summary>
    public string? Refusal => Evicts
        ? string.Create(CultureInfo.InvariantCulture, $"maxmemory-policy is {Policy} with a maxmemory of {MaxMemory:N0} bytes, ")
            + $"so Redis removes events when its memory is full: {Remedy}"
        : null;

    /// <summary>A warning for the operator; null if there is none.</summary>
    public string? Warning => IsForAllKeys && MaxMemory == 0
        ? $"maxmemory-policy is {Policy}: if maxmemory is ever set, Redis removes events when its memory is full; {Remedy}"
        : null;

    /// <summary>A note about a policy that looks dangerous but is safe; null if there is none.</summary>
    public string? Note => Policy?.StartsWith("volatile-", StringComparison.Ordinal) == true
        ? $"maxmemory-policy is {Policy}: it evicts only keys with an expiry, and journal keys have none"
        : null;

    /// <summary>The share of the memory in use, 0 to 1; null if it is unlimited.</summary>
    public double? Use => MaxMemory > 0 ? (double)UsedMemory / MaxMemory : null;

    private bool IsForAllKeys => Policy?.StartsWith("allkeys-", StringComparison.Ordinal) == true;

    /// <summary>Reads the policy from the primary; null if this user is not allowed to run <c>INFO</c>.</summary>
    /// <exception cref="RedisException">Redis does not answer.</exception>
    public static async Task<MemoryPolicy?> ReadAsync(IDatabase redis)
    {
        try
        {
            return Parse(((string?)await redis.ExecuteAsync("INFO", [], CommandFlags.DemandMaster)) ?? "");
        }
        catch (RedisServerException)
        {
            // Not allowed by an ACL.
            return null;
        }
    }

    /// <summary>Parses the output of <c>INFO</c>.</summary>
    public static MemoryPolicy Parse(string info)
    {
        var lines = info.Split('\n', StringSplitOptions.TrimEntries)
            .Select(line => line.Split(':', 2))
            .Where(parts => parts.Length == 2)
            .GroupBy(parts => parts[0])
            .ToDictionary(group => group.Key, group => group.First()[1]);
        return new MemoryPolicy(
            lines.GetValueOrDefault("maxmemory_policy"),
            Number("maxmemory"),
            Number("used_memory"),
            Number("evicted_keys"),
            lines.GetValueOrDefault("run_id", ""));

        long Number(string name) => long.TryParse(lines.GetValueOrDefault(name), CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
