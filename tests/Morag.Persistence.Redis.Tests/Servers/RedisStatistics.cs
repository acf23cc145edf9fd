using System.Globalization;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Servers;

/// <summary>Statistics of redis-server.</summary>
internal static class RedisStatistics
{
    /// <summary>Number of calls of a command, by clients and scripts, since the statistics were reset.</summary>
    public static async Task<long> CallsAsync(this ConnectionMultiplexer redis, string command)
    {
        var section = (await redis.GetServers()[0].InfoAsync("commandstats")).SelectMany(group => group);
        var calls = section.FirstOrDefault(line => line.Key == $"cmdstat_{command}").Value;
        return calls is null ? 0 : long.Parse(calls.Split(',')[0]["calls=".Length..], CultureInfo.InvariantCulture);
    }

    /// <summary>Reads a number from <c>INFO</c>.</summary>
    public static async Task<long> InfoAsync(this ConnectionMultiplexer redis, string section, string key)
    {
        var lines = (await redis.GetServers()[0].InfoAsync(section)).SelectMany(group => group);
        return long.Parse(lines.Single(line => line.Key == key).Value, CultureInfo.InvariantCulture);
    }
}
