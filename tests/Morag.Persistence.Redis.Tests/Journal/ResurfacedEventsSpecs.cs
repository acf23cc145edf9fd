using System.Globalization;
using System.Text;
using Akka.Actor;
using Akka.Persistence;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>
/// redis-server that was killed while it wrote a transaction to its append-only file. It drops the end of the transaction and leaves the
/// beginning, which the next start runs together with the transaction behind it.
/// </summary>
public sealed class ResurfacedEventsSpecs : IAsyncLifetime
{
    private readonly string _id = $"id-{Guid.NewGuid():n}";
    private readonly RedisServer _server = new();

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [RequiresRedisServerTheory]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(3, 1)]
    [InlineData(200, 200)]
    public async Task Should_recover_what_was_acknowledged_and_not_the_write_that_a_crash_had_cut(int cut, int acknowledged)
    {
        await using var client = new JournalClient(Plugins.On(_server));
        await client.WriteAsync(_id, 1, 2);
        await CrashWithinAWriteAsync(client.System, 3, cut);
        (await RecoverAsync(client)).SequenceNrs.Should([1L, 2]);
        await client.WriteAsync(_id, 3, acknowledged, "acknowledged");
        await _server.RestartAsync();

        var recovered = await RecoverAsync(client);

        recovered.Highest.Should(2 + acknowledged);
        recovered.SequenceNrs.Should(Enumerable.Range(1, 2 + acknowledged).Select(n => (long)n));
        Assert.All(recovered.Events.Skip(2), e => Assert.Equal("acknowledged", e.Payload));
        await client.WriteAsync(_id, 3 + acknowledged);
        (await client.RecoverAsync(_id)).SequenceNrs.Should(Enumerable.Range(1, 3 + acknowledged).Select(n => (long)n));
    }

    [RequiresRedisServerFact]
    public async Task Should_keep_both_where_nothing_tells_which_event_is_the_later_one()
    {
        await using var client = new JournalClient(Plugins.On(_server));
        await client.WriteAsync(_id, 1);
        await using var redis = await _server.ConnectAsync();
        await redis.GetDatabase().SortedSetAddAsync($"journal:persisted:{_id}", Entry(client.System, 1, writtenAt: 0), 1);

        (await client.RecoverAsync(_id)).SequenceNrs.Should([1L, 1]);
    }

    private static byte[] Entry(ActorSystem system, long sequenceNr, long writtenAt)
        => StoredEvent.Encode((ExtendedActorSystem)system, new Persistent("cut", sequenceNr, writerGuid: "writer"), writtenAt);

    private static byte[] Command(params byte[][] parts)
    {
        using var command = new MemoryStream();
        Write($"*{parts.Length}\r\n");
        foreach (var part in parts)
        {
            Write(string.Create(CultureInfo.InvariantCulture, $"${part.Length}\r\n"));
            command.Write(part);
            Write("\r\n");
        }

        return command.ToArray();

        void Write(string text) => command.Write(Encoding.ASCII.GetBytes(text));
    }

    private Task<JournalClient.Recovered> RecoverAsync(JournalClient client) => Eventually.SucceedsAsync(() => client.RecoverAsync(_id));

    /// <summary>Kills the server, and leaves in its file what it would have there had it been killed while it wrote these events.</summary>
    private async Task CrashWithinAWriteAsync(ActorSystem system, long first, int count)
    {
        await _server.KillAsync();
        var log = Directory.GetFiles(Path.Combine(_server.DataFolder, "appendonlydir"), "*.incr.aof").Order(StringComparer.Ordinal).Last();
        await using var file = new FileStream(log, FileMode.Append);
        await file.WriteAsync(Command("MULTI"u8.ToArray()));
        List<byte[]> events = ["ZADD"u8.ToArray(), Encoding.UTF8.GetBytes($"journal:persisted:{_id}")];
        for (var number = first; number < first + count; number++)
        {
            events.Add(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
            events.Add(Entry(system, number, system.Scheduler.Now.UtcTicks));
        }

        await file.WriteAsync(Command([.. events]));
        await file.WriteAsync(Command("MSET"u8.ToArray(), Encoding.UTF8.GetBytes($"journal:persisted:{_id}:highestSequenceNr"), "9"u8.ToArray()).AsMemory()[..^5]);
        file.Close();
        await _server.RestartAsync();
    }
}
