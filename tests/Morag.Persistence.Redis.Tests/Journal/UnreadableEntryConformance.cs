using Akka.Actor;
using Akka.Persistence;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>An unreadable entry stops only its own actor, with a message that names the entry.</summary>
public abstract class UnreadableEntryConformance(RedisTestServer server)
{
    private readonly string _id = $"id-{Guid.NewGuid():n}";

    public static TheoryData<string, byte[], string> Entries => new()
    {
        { "garbage", "not an event"u8.ToArray(), "" },
        { "nothing", [], "" },
        { "truncated", Entry(new Payload(987_002, "12.5"u8.ToArray(), "priced"))[..^4], "malformed" },
        { "an unknown serializer", Entry(new Payload(424_242, "x"u8.ToArray(), "m")), "424242" },
        { "an unknown manifest", Entry(new Payload(987_002, "12.5"u8.ToArray(), "renamed")), "renamed" },
        { "content that its serializer rejects", Entry(new Payload(987_002, "much"u8.ToArray(), "priced")), "much" },
    };

    [ServerTheory]
    [MemberData(nameof(Entries))]
    public async Task Should_stop_only_its_actor_and_name_key_and_number_when_an_event_cannot_be_read(
        string kind, byte[] entry, string reason)
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server).WithFallback(Priced.Serialization));
        using var driver = new Driver(client.System);
        var other = driver.Start($"{_id}-other");
        await driver.ExpectAsync<Ledger.LedgerRecovered>();
        await client.WriteAsync(_id, 1);
        await redis.GetDatabase().SortedSetAddAsync($"journal:persisted:{_id}", entry, 2);
        await redis.GetDatabase().StringSetAsync($"journal:persisted:{_id}:highestSequenceNr", 2);

        var broken = driver.Start(_id);

        var message = (await driver.ExpectAsync<Ledger.RecoveryFailed>()).Reason.Message;
        Assert.Contains(
            $"The event with sequence number 2 in the key \"journal:persisted:{_id}\" cannot be read: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        (await driver.ExpectAsync<Terminated>()).ActorRef.Should(broken);
        other.Tell(new Ledger.Enter($"not harmed by {kind}"));
        (await driver.ExpectAsync<string>()).Should($"not harmed by {kind}");
    }

    [ServerFact]
    public async Task Should_name_key_and_number_when_a_snapshot_cannot_be_read()
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server));
        await redis.GetDatabase().SortedSetAddAsync($"snapshot:{_id}", "not a snapshot", 7);

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => client.LoadSnapshotAsync(_id));

        Assert.Contains(
            $"The snapshot with sequence number 7 in the key \"snapshot:{_id}\" cannot be read: ",
            failure.Message,
            StringComparison.Ordinal);
        Assert.Null(await client.LoadSnapshotAsync($"{_id}-other"));
    }

    [ServerFact]
    public async Task Should_load_the_previous_snapshot_when_the_newest_cannot_be_read()
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server));
        await client.SaveSnapshotAsync(new SnapshotMetadata(_id, 5, DateTime.UnixEpoch), "previous");
        await redis.GetDatabase().SortedSetAddAsync($"snapshot:{_id}", "not a snapshot", 7);

        var loaded = await client.LoadSnapshotAsync(_id);

        Assert.Equal((5L, "previous"), (loaded!.Metadata.SequenceNr, loaded.Snapshot));
    }

    private static byte[] Entry(Payload payload)
    {
        var bytes = new byte[ProtobufWriter.SizeOfBytes(1, payload.Size) + ProtobufWriter.SizeOfField(2, 2)];
        var writer = new ProtobufWriter(bytes);
        payload.Write(ref writer, 1);
        writer.WriteField(2, 2);
        return bytes;
    }
}

public sealed class UnreadableEntriesOnRedisServerSpecs(RedisServer server)
    : UnreadableEntryConformance(server), IClassFixture<RedisServer>;

public sealed class UnreadableEntriesOnGarnetSpecs(GarnetServer server)
    : UnreadableEntryConformance(server), IClassFixture<GarnetServer>;
