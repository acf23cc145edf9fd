using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.TestKit.Xunit2;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Layout;

/// <summary>Compares all keys of one persistence id with the golden file, in both directions.</summary>
public abstract class GoldenRedisConformance(RedisTestServer server)
{
    [ServerFact]
    public async Task Should_store_the_bytes_of_the_golden_file_when_writing_its_events()
    {
        await server.FlushAsync();
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Configured(GoldenRedis.Settings));

        await GoldenRedis.WriteAsync(client);

        (await GoldenRedis.DumpAsync(redis.GetDatabase(), redis.GetServers()[0].Keys())).Should(GoldenRedis.Lines);
    }

    [ServerFact]
    public async Task Should_recover_and_continue_when_the_golden_file_was_restored()
    {
        await server.FlushAsync();
        await using var redis = await server.ConnectAsync();
        await GoldenRedis.RestoreAsync(redis.GetDatabase());
        await using var client = new JournalClient(Configured());

        var recovered = await client.RecoverAsync(GoldenRedis.Id);

        recovered.Events.Should(GoldenRedis.Events);
        recovered.Events.Select(e => e.Payload).Should(GoldenRedis.Events.Select(e => e.Payload));
        recovered.Events.Select(e => e.Timestamp).Should(GoldenRedis.Events.Select(e => e.Timestamp));
        recovered.Highest.Should(5);
        (await client.LoadSnapshotAsync(GoldenRedis.Id)).Should(GoldenRedis.Snapshot);
        await client.WriteAsync(GoldenRedis.Id, 6);
    }

    private Config Configured(string settings = "") => Plugins.On(server, settings).WithFallback(Priced.Serialization);
}

public sealed class GoldenRedisOnRedisServerSpecs(RedisServer server) : GoldenRedisConformance(server), IClassFixture<RedisServer>;

public sealed class GoldenRedisOnGarnetSpecs(GarnetServer server) : GoldenRedisConformance(server), IClassFixture<GarnetServer>;

/// <summary>Compares the golden file with Akka's own serializer, without a server.</summary>
public sealed class GoldenRedisSpecs() : TestKit(Priced.Serialization)
{
    private Akka.Serialization.Serializer AkkaSerializer => Sys.Serialization.FindSerializerForType(typeof(IPersistentRepresentation));

    [Fact]
    public void Should_match_the_events_when_the_envelope_serializer_of_Akka_reads_them()
    {
        var members = GoldenRedis.Members(GoldenRedis.EventsKey).ToList();

        var read = members.Select(member => AkkaSerializer.FromBinary<IPersistentRepresentation>(member.Member)).ToList();

        // Akka's serializer returns dead letters as the sender of an event without a sender.
        read.Select(e => e.Update(e.SequenceNr, e.PersistenceId, e.IsDeleted, ActorRefs.NoSender, e.WriterGuid)).Should(GoldenRedis.Events);
        read.Select(e => e.Payload).Should(GoldenRedis.Events.Select(e => e.Payload));
        members.Select(member => member.Score).Should(read.Select(e => e.SequenceNr));
    }

    [Fact]
    public void Should_match_the_bytes_when_the_envelope_serializer_of_Akka_writes_the_events()
    {
        // The last event is tagged. Its tags follow everything that Akka writes.
        foreach (var ((_, golden), persistent) in GoldenRedis.Members(GoldenRedis.EventsKey).Zip(GoldenRedis.Events))
        {
            var written = AkkaSerializer.ToBinary(persistent);
            Convert.ToHexString(golden.AsSpan(0, written.Length)).Should(Convert.ToHexString(written));
            StoredEventHeader.Read(golden).Tags.Count.Should(persistent.SequenceNr == 5 ? 2 : 0);
        }
    }
}
