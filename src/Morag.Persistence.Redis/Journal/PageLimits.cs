using Akka.Configuration;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>How many events are read at a time.</summary>
/// <param name="Events">Most events in a page.</param>
/// <param name="Bytes">About the most bytes in a page.</param>
internal sealed record PageLimits(int Events, long Bytes)
{
    /// <summary>Reads and checks both from the section of a plugin.</summary>
    /// <exception cref="ConfigurationException">A value is outside its range.</exception>
    public static PageLimits Read(Config plugin, string path, string eventsKey, string bytesKey) => new(
        (int)RedisSettings.ReadInRange(plugin, path, eventsKey, 1, 100_000),
        RedisSettings.ReadBytesInRange(plugin, path, bytesKey, 1024, 256L * 1024 * 1024));

    /// <summary>How many events to ask for while it is not known how large they are.</summary>
    public int First(int cautious) => Math.Min(cautious, Events);

    /// <summary>How many events to ask for after a page, taking them to be as large as its own.</summary>
    public int After(SortedSetEntry[] page)
    {
        var bytes = page.Sum(static entry => entry.Element.Length());
        return (int)Math.Clamp(Bytes * page.Length / Math.Max(1, bytes), 1, Events);
    }
}
