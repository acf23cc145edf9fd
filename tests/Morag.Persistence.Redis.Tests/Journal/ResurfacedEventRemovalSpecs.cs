using System.Globalization;
using System.Text;
using Akka.Actor;
using Akka.Persistence;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>
/// Recovery after redis-server was killed while it wrote a transaction to its append-only file. The first restart leaves the beginning of
/// the transaction in the file, and the second one executes it together with the transaction behind it.
/// </summary>
public sealed class ResurfacedEventRemovalSpecs : IAsyncLifetime
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
    [InlineData(3000, 2500)]
    public async Task Should_recover_only_acknowledged_events_when_a_crash_interrupted_a_write(int cut, int acknowledged)
    {
        await using var client = new JournalClient(Plugins.On(_server));
        await WriteAsync(client, "first", 1, 2);
        await CrashDuringWriteAsync(client.System, "first", 3, cut);
        (await RecoverAsync(client)).SequenceNrs.Should([1L, 2]);
        await WriteAsync(client, "second", 3, acknowledged);
        await _server.RestartAsync();

        var recovered = await RecoverAsync(client);

        recovered.Highest.Should(2 + acknowledged);
        recovered.SequenceNrs.Should(Enumerable.Range(1, 2 + acknowledged).Select(n => (long)n));
        Assert.All(recovered.Events.Skip(2), e => Assert.Equal("second", e.WriterGuid));
        await WriteAsync(client, "third", 3 + acknowledged, 1);
        (await client.RecoverAsync(_id)).SequenceNrs.Should(Enumerable.Range(1, 3 + acknowledged).Select(n => (long)n));
    }

    [RequiresRedisServerFact]
    public async Task Should_recover_acknowledged_events_when_the_clock_of_their_writer_is_behind()
    {
        await using var client = new JournalClient(Plugins.On(_server));
        await WriteAsync(client, "first", 1, 2);
        await CrashDuringWriteAsync(client.System, "first", 3, 1, ahead: TimeSpan.FromMinutes(1));
        (await RecoverAsync(client)).SequenceNrs.Should([1L, 2]);
        await WriteAsync(client, "second", 3, 2);
        await _server.RestartAsync();

        (await RecoverAsync(client)).Events.Select(e => (e.SequenceNr, e.WriterGuid))
            .Should([(1L, "first"), (2, "first"), (3, "second"), (4, "second")]);
    }

    [RequiresRedisServerFact]
    public async Task Should_recover_acknowledged_events_when_another_number_has_no_event()
    {
        await using var client = new JournalClient(Plugins.On(_server));
        await WriteAsync(client, "first", 1, 3);
        await using (var redis = await _server.ConnectAsync())
            await redis.GetDatabase().SortedSetRemoveRangeByScoreAsync(Events, 2, 2);
        await CrashDuringWriteAsync(client.System, "first", 4, 1);
        (await RecoverAsync(client)).SequenceNrs.Should([1L, 3]);
        await WriteAsync(client, "second", 4, 2);
        await _server.RestartAsync();

        (await RecoverAsync(client)).Events.Select(e => (e.SequenceNr, e.WriterGuid))
            .Should([(1L, "first"), (3, "first"), (4, "second"), (5, "second")]);
    }

    private string Events => $"journal:persisted:{_id}";

    private Task WriteAsync(JournalClient client, string writer, long first, int count)
    {
        client.Writer = writer;
        return client.WriteAsync(_id, first, count);
    }

    private static byte[] Entry(ActorSystem system, string writer, long sequenceNr, DateTimeOffset writtenAt)
        => StoredEvent.Encode((ExtendedActorSystem)system, new Persistent("cut", sequenceNr, writerGuid: writer), writtenAt.UtcTicks);

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

    private Task<JournalClient.RecoveredHistory> RecoverAsync(JournalClient client)
        => Wait.UntilSucceedsAsync(() => client.RecoverAsync(_id));

    /// <summary>Kills the server, and appends to its file what a kill during the write of these events would have left.</summary>
    private async Task CrashDuringWriteAsync(ActorSystem system, string writer, long first, int count, TimeSpan ahead = default)
    {
        var at = system.Scheduler.Now + ahead;
        await _server.KillAsync();
        var log = Directory.GetFiles(Path.Combine(_server.DataFolder, "appendonlydir"), "*.incr.aof").Order(StringComparer.Ordinal).Last();
        await using var file = new FileStream(log, FileMode.Append);
        await file.WriteAsync(Command("MULTI"u8.ToArray()));
        List<byte[]> events = ["ZADD"u8.ToArray(), Encoding.UTF8.GetBytes($"journal:persisted:{_id}")];
        for (var number = first; number < first + count; number++)
        {
            events.Add(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
            events.Add(Entry(system, writer, number, at));
        }

        await file.WriteAsync(Command([.. events]));
        var counter = Encoding.UTF8.GetBytes($"journal:persisted:{_id}:highestSequenceNr");
        await file.WriteAsync(Command("MSET"u8.ToArray(), counter, "9"u8.ToArray()).AsMemory()[..^5]);
        file.Close();
        await _server.RestartAsync();
    }
}
