using System.Globalization;
using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Akka.TestKit;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Layout;

/// <summary>
/// One persistence id as it is stored, byte for byte, in <c>golden-redis.txt</c>, and the same as the plugins see it.
/// What this file says is frozen: databases out there are full of it.
/// </summary>
internal static class GoldenRedis
{
    public const string Id = "pid-1";

    public const string EventsKey = "journal:persisted:pid-1";

    public const string SnapshotsKey = "snapshot:pid-1";

    /// <summary>Needed by <see cref="WriteAsync"/>: a clock that stands still.</summary>
    public const string Settings = """akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" """;

    public static DateTimeOffset Time { get; } = new(2040, 11, 23, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The events that are left; the first one was deleted.</summary>
    public static IReadOnlyList<IPersistentRepresentation> Events { get; } =
    [
        .. new object[] { "text", new Priced(12.5m), new Priced(0), new Priced(-1) }
            .Select((payload, index) => new Persistent(payload, index + 2, Id, "", writerGuid: "writer", timestamp: Time.Ticks)),
    ];

    public static SelectedSnapshot Snapshot { get; } = new(new SnapshotMetadata(Id, 4, Time.UtcDateTime), new Priced(12.5m));

    /// <summary>Type, key, score (of a member) and value (in hexadecimal, of a member), line by line.</summary>
    public static IReadOnlyList<string> Lines { get; } = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Layout", "golden-redis.txt"));

    /// <summary>The members of a sorted set.</summary>
    public static IEnumerable<(long Score, byte[] Member)> Members(string key)
        => Lines.Select(line => line.Split(' '))
            .Where(words => words[0] == "zset" && words[1] == key)
            .Select(words => (long.Parse(words[2], CultureInfo.InvariantCulture), Convert.FromHexString(words[3])));

    /// <summary>Stores all of it through the plugins.</summary>
    public static async Task WriteAsync(JournalClient client)
    {
        ((TestScheduler)client.System.Scheduler).AdvanceTo(Time);
        await client.WriteAsync(Id, 1, payload: "deleted");
        await client.WriteAsync(Id, 2, payload: "text");
        await client.WriteAsync(Id, 3, payload: new Priced(12.5m));
        await client.WriteAsync(Id, 4, payload: new Priced(0));
        await client.WriteAsync(Id, 5, payload: new Tagged(new Priced(-1), ["red", "blue"]));
        await client.DeleteAsync(Id, 1);
        await client.SaveSnapshotAsync(Snapshot.Metadata, Snapshot.Snapshot);
    }

    /// <summary>Puts all of it into Redis, without the plugins.</summary>
    public static async Task RestoreAsync(IDatabase redis, string slotTag = "")
    {
        foreach (var words in Lines.Select(line => line.Split(' ')))
        {
            if (words[0] == "zset") await redis.SortedSetAddAsync(slotTag + words[1], Convert.FromHexString(words[3]), double.Parse(words[2], CultureInfo.InvariantCulture));
            else await redis.StringSetAsync(slotTag + words[1], words[2]);
        }
    }

    /// <summary>What the plugins have left in Redis, in the form of <see cref="Lines"/>.</summary>
    public static async Task<IReadOnlyList<string>> DumpAsync(IDatabase redis, IEnumerable<RedisKey> keys, string slotTag = "")
    {
        var lines = new List<string>();
        foreach (var key in keys.Select(key => (string)key!).Order(StringComparer.Ordinal))
        {
            var name = key[slotTag.Length..];
            if (await redis.KeyTypeAsync(key) == RedisType.String) lines.Add($"string {name} {await redis.StringGetAsync(key)}");
            else
                lines.AddRange((await redis.SortedSetRangeByRankWithScoresAsync(key)).Select(entry =>
                    string.Create(CultureInfo.InvariantCulture, $"zset {name} {entry.Score} {Convert.ToHexStringLower((byte[])entry.Element!)}")));
        }

        return lines;
    }
}
