using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.TestKit.Xunit2;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Layout;

/// <summary>All keys of one persistence id against the golden file, in both directions.</summary>
public abstract class GoldenRedisConformance(RedisTestServer server)
{
    [ServerFact]
    public async Task Should_store_byte_for_byte_what_the_golden_file_says()
    {
        await server.FlushAsync();
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Configured(GoldenRedis.Settings));

        await GoldenRedis.WriteAsync(client);

        (await GoldenRedis.DumpAsync(redis.GetDatabase(), redis.GetServers()[0].Keys())).Should(GoldenRedis.Lines);
    }

    [ServerFact]
    public async Task Should_recover_what_the_golden_file_says_and_go_on_behind_it()
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

/// <summary>The golden file as other readers see it: with Akka's own serializer, and without a server.</summary>
public sealed class GoldenRedisSpecs() : TestKit(Priced.Serialization)
{
    private Akka.Serialization.Serializer AkkaSerializer => Sys.Serialization.FindSerializerForType(typeof(IPersistentRepresentation));

    [Fact]
    public void Should_hold_events_that_the_envelope_serializer_of_Akka_reads()
    {
        var members = GoldenRedis.Members(GoldenRedis.EventsKey).ToList();

        var read = members.Select(member => AkkaSerializer.FromBinary<IPersistentRepresentation>(member.Member)).ToList();

        // Akka's gives dead letters as the sender of what has none.
        read.Select(e => e.Update(e.SequenceNr, e.PersistenceId, e.IsDeleted, ActorRefs.NoSender, e.WriterGuid)).Should(GoldenRedis.Events);
        read.Select(e => e.Payload).Should(GoldenRedis.Events.Select(e => e.Payload));
        members.Select(member => member.Score).Should(read.Select(e => e.SequenceNr));
    }

    [Fact]
    public void Should_hold_events_that_the_envelope_serializer_of_Akka_writes()
    {
        // The last one is tagged: its tags are ours, behind all that Akka writes.
        foreach (var ((_, golden), persistent) in GoldenRedis.Members(GoldenRedis.EventsKey).Zip(GoldenRedis.Events))
        {
            var written = AkkaSerializer.ToBinary(persistent);
            Convert.ToHexString(golden.AsSpan(0, written.Length)).Should(Convert.ToHexString(written));
            StoredEventHeader.Read(golden).Tags.Count.Should(persistent.SequenceNr == 5 ? 2 : 0);
        }
    }
}
