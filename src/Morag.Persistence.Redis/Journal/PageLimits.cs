using Akka.Configuration;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>Maximum size of a page of events.</summary>
/// <param name="Events">Maximum number of events.</param>
/// <param name="Bytes">Approximate maximum number of bytes.</param>
internal sealed record PageLimits(int Events, long Bytes)
{
    /// <summary>Reads and validates both limits from the section of a plugin.</summary>
    /// <exception cref="ConfigurationException">A value is out of range.</exception>
    public static PageLimits Read(Config plugin, string path, string eventsKey, string bytesKey) => new(
        (int)RedisSettings.ReadInRange(plugin, path, eventsKey, 1, 100_000),
        RedisSettings.ReadBytesInRange(plugin, path, bytesKey, 1024, 256L * 1024 * 1024));

    /// <summary>Number of events to request while their size is unknown.</summary>
    /// <param name="cautious">A number that is safe even for large events.</param>
    public int InitialSize(int cautious) => Math.Min(cautious, Events);

    /// <summary>Number of events to request after a page, on the assumption that their average size is the same.</summary>
    public int NextSize(SortedSetEntry[] page)
    {
        var bytes = page.Sum(static entry => entry.Element.Length());
        return (int)Math.Clamp(Bytes * page.Length / Math.Max(1, bytes), 1, Events);
    }
}
