using System.Globalization;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Servers;

/// <summary>What redis-server has counted since the statistics were reset.</summary>
internal static class RedisStatistics
{
    /// <summary>How often a command was called, by a client or by a script.</summary>
    public static async Task<long> CallsAsync(this ConnectionMultiplexer redis, string command)
    {
        var section = (await redis.GetServers()[0].InfoAsync("commandstats")).SelectMany(group => group);
        var calls = section.FirstOrDefault(line => line.Key == $"cmdstat_{command}").Value;
        return calls is null ? 0 : long.Parse(calls.Split(',')[0]["calls=".Length..], CultureInfo.InvariantCulture);
    }

    /// <summary>A number of <c>INFO</c>.</summary>
    public static async Task<long> InfoAsync(this ConnectionMultiplexer redis, string section, string key)
        => long.Parse((await redis.GetServers()[0].InfoAsync(section)).SelectMany(group => group).Single(line => line.Key == key).Value, CultureInfo.InvariantCulture);
}
