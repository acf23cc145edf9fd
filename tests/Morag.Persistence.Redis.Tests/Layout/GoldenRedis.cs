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
/// The stored data of one persistence id, byte for byte, in <c>golden-redis.txt</c>, and the objects that it represents. The layout is
/// frozen, because existing databases use it.
/// </summary>
internal static class GoldenRedis
{
    public const string Id = "pid-1";

    public const string EventsKey = "journal:persisted:pid-1";

    public const string SnapshotsKey = "snapshot:pid-1";

    /// <summary>Settings for <see cref="WriteAsync"/>: a clock that the test controls.</summary>
    public const string Settings = """akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" """;

    public static DateTimeOffset Time { get; } = new(2040, 11, 23, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The remaining events. The first one was deleted.</summary>
    public static IReadOnlyList<IPersistentRepresentation> Events { get; } =
    [
        .. new object[] { "text", new Priced(12.5m), new Priced(0), new Priced(-1) }
            .Select((payload, index) => new Persistent(payload, index + 2, Id, "", writerGuid: "writer", timestamp: Time.Ticks)),
    ];

    public static SelectedSnapshot Snapshot { get; } = new(new SnapshotMetadata(Id, 4, Time.UtcDateTime), new Priced(12.5m));

    /// <summary>Lines with type and key, followed by a value, or by score and hexadecimal value of a member.</summary>
    public static IReadOnlyList<string> Lines { get; } =
        File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Layout", "golden-redis.txt"));

    /// <summary>The members of a sorted set.</summary>
    public static IEnumerable<(long Score, byte[] Member)> Members(string key)
        => Lines.Select(line => line.Split(' '))
            .Where(words => words[0] == "zset" && words[1] == key)
            .Select(words => (long.Parse(words[2], CultureInfo.InvariantCulture), Convert.FromHexString(words[3])));

    /// <summary>Stores the data through the plugins.</summary>
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

    /// <summary>Writes the data to Redis without the plugins.</summary>
    public static async Task RestoreAsync(IDatabase redis, string slotTag = "")
    {
        foreach (var words in Lines.Select(line => line.Split(' ')))
        {
            if (words[0] == "zset")
            {
                var score = double.Parse(words[2], CultureInfo.InvariantCulture);
                await redis.SortedSetAddAsync(slotTag + words[1], Convert.FromHexString(words[3]), score);
            }
            else
            {
                await redis.StringSetAsync(slotTag + words[1], words[2]);
            }
        }
    }

    /// <summary>Reads the data in Redis in the format of <see cref="Lines"/>.</summary>
    public static async Task<IReadOnlyList<string>> DumpAsync(IDatabase redis, IEnumerable<RedisKey> keys, string slotTag = "")
    {
        var lines = new List<string>();
        foreach (var key in keys.Select(key => (string)key!).Order(StringComparer.Ordinal))
        {
            var name = key[slotTag.Length..];
            if (await redis.KeyTypeAsync(key) == RedisType.String)
            {
                lines.Add($"string {name} {await redis.StringGetAsync(key)}");
                continue;
            }

            foreach (var entry in await redis.SortedSetRangeByRankWithScoresAsync(key))
            {
                var member = Convert.ToHexStringLower((byte[])entry.Element!);
                lines.Add(string.Create(CultureInfo.InvariantCulture, $"zset {name} {entry.Score} {member}"));
            }
        }

        return lines;
    }
}
