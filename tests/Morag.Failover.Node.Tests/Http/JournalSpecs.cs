using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Owners;
using Morag.Failover.Domain.Workers;
using Morag.Persistence.Redis;
using Morag.Redis.TestServers;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>What is stored, read over HTTP.</summary>
public abstract class JournalSpecs(RedisTestServer server) : IAsyncLifetime
{
    private static readonly DateTimeOffset Time = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    // Each spec has a part of the database for itself.
    private readonly string prefix = $"{Guid.NewGuid():n}:";
    private HttpNode http = null!;

    private string JournalConnection => $"{server.ConnectionString},asyncTimeout=1000";

    public async Task InitializeAsync() => http = await HttpNode.Start(akka: ConfigurationFactory.ParseString($$"""
        akka.persistence.journal.plugin = "{{RedisPersistence.JournalPluginId}}"
        akka.persistence.snapshot-store.plugin = "{{RedisPersistence.SnapshotStorePluginId}}"
        {{RedisPersistence.JournalPluginId}} { configuration-string = "{{JournalConnection}}", key-prefix = "{{prefix}}" }
        {{RedisPersistence.SnapshotStorePluginId}} { configuration-string = "{{server.ConnectionString}}", key-prefix = "{{prefix}}" }
        """).WithFallback(FailoverSerialization.Config).WithFallback(RedisPersistence.DefaultConfig()));

    public async Task DisposeAsync() => await http.DisposeAsync();

    [ServerFact]
    public async Task Should_list_who_has_written_over_all_pages()
    {
        await Task.WhenAll(Enumerable.Range(0, 60).Select(n => Write($"worker-{n}", Event(n))));

        var entries = await http.Every("/api/v1/journal/ids?limit=10");

        Assert.Equal(
            Enumerable.Range(0, 60).Select(n => $"worker-{n}").Order(StringComparer.Ordinal),
            entries.Select(entry => entry.GetProperty("persistence_id").GetString()!).Order(StringComparer.Ordinal));
        Assert.All(entries, entry => Assert.Equal(
            (1, 1),
            (entry.GetProperty("highest_sequence_nr").GetInt32(), entry.GetProperty("events").GetInt32())));
    }

    [ServerFact]
    public async Task Should_show_events_in_the_words_of_the_api()
    {
        await Write("worker-a", [.. Enumerable.Range(0, 25).Select(Event)]);

        var events = await http.Every("/api/v1/journal/events?id=worker-a&limit=10");

        Assert.Equal(Enumerable.Range(1, 25), events.Select(e => e.GetProperty("sequence_nr").GetInt32()));
        var first = events[0];
        Assert.Equal("worker.drained", first.GetProperty("manifest").GetString());
        Assert.Equal("reason 0", first.GetProperty("event").GetProperty("reason").GetString());
        Assert.InRange(first.GetProperty("size").GetInt32(), 20, 500);
        Assert.True(first.GetProperty("written_at").GetDateTimeOffset() > Time.AddYears(-10));
        Assert.Equal(Time, first.GetProperty("event").GetProperty("at").GetDateTimeOffset());
        var last = await http.Call("GET", "/api/v1/journal/events?id=worker-a&from=24");
        Assert.Equal(24, last.Body[0].GetProperty("sequence_nr").GetInt32());
    }

    [ServerFact]
    public async Task Should_measure_what_is_stored()
    {
        await Write("worker-a", Event(1));
        await Write("worker-b", Event(1), Event(2));

        var sizes = (await http.Call("GET", "/api/v1/journal/sizes?top=1")).Body;

        Assert.Equal((2, 3), (sizes.GetProperty("ids").GetInt32(), sizes.GetProperty("events").GetInt32()));
        Assert.Equal("worker-b", Assert.Single(sizes.GetProperty("largest").EnumerateArray()).GetProperty("persistence_id").GetString());
    }

    [ServerFact]
    public async Task Should_name_what_is_wrong_of_one_id_and_of_all()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(n => Write($"worker-{n}", Event(n))));
        await using var redis = await server.ConnectAsync();
        await redis.GetDatabase().SortedSetAddAsync($"{prefix}journal:persisted:worker-7", "not an event", 2);
        await redis.GetDatabase().StringSetAsync($"{prefix}journal:persisted:worker-7:highestSequenceNr", 2);

        var ofAll = Assert.Single(await http.Every("/api/v1/journal/verify?limit=10"));
        var ofOne = Assert.Single((await http.Call("GET", "/api/v1/journal/verify?id=worker-7")).Body.EnumerateArray());
        Assert.Empty((await http.Call("GET", "/api/v1/journal/verify?id=worker-8")).Body.EnumerateArray());

        foreach (var defect in new[] { ofAll, ofOne })
        {
            Assert.Equal("unreadable", defect.GetProperty("kind").GetString());
            Assert.Equal("worker-7", defect.GetProperty("persistence_id").GetString());
            Assert.Equal($"{prefix}journal:persisted:worker-7", defect.GetProperty("key").GetString());
            Assert.Equal(2, defect.GetProperty("sequence_nr").GetInt32());
        }

        var shown = (await http.Call("GET", "/api/v1/journal/events?id=worker-7")).Body;
        Assert.NotNull(shown[1].GetProperty("unreadable").GetString());
    }

    [ServerTheory]
    [InlineData("/ids?after=nonsense", 400, "after")]
    [InlineData("/ids?limit=0", 400, "limit")]
    [InlineData("/events", 400, "id")]
    [InlineData("/events?id=never-written", 404, null)]
    [InlineData("/events?id=x:highestSequenceNr", 400, "id")]
    [InlineData("/events?id=x&from=-1", 400, "from")]
    [InlineData("/events?id=x&after=y", 400, "after")]
    [InlineData("/sizes?top=0", 400, "top")]
    [InlineData("/verify?id=never-written", 404, null)]
    [InlineData("/verify?after=nonsense", 400, "after")]
    public async Task Should_refuse_what_breaks_a_rule(string call, int status, string? field)
    {
        var answer = await http.Call("GET", "/api/v1/journal" + call);

        Assert.Equal(status, answer.Status);
        Assert.Equal("application/problem+json", answer.MediaType);
        Assert.Equal(field ?? "", answer.Text("field"));
    }

    [ServerFact]
    public async Task Should_say_that_redis_does_not_answer_and_serve_again_when_it_does()
    {
        await Write("worker-a", Event(1));
        await server.KillAsync();
        var gone = await http.Call("GET", "/api/v1/journal/ids");
        await server.RestartAsync();

        Assert.Equal(503, gone.Status);
        await Eventually.IsTrue(async () => (await http.Call("GET", "/api/v1/journal/ids")).Status == 200);
    }

    private static WorkerDrained Event(int n) => new() { At = Time, Reason = $"reason {n}" };

    private Task<Done> Write(string persistenceId, params IStoredEvent[] events)
        => http.System.ActorOf(Props.Create(() => new Writer(persistenceId))).Ask<Done>(events, HttpNode.Patience);

    private sealed class Writer(string persistenceId) : UntypedPersistentActor
    {
        private int left;

        public override string PersistenceId => persistenceId;

        protected override void OnCommand(object message)
        {
            if (message is not IStoredEvent[] events) return;
            left = events.Length;
            PersistAll(events, _ =>
            {
                left--;
                if (left == 0) Sender.Tell(Done.Instance);
            });
        }

        protected override void OnRecover(object message)
        {
        }
    }
}

public sealed class JournalOnRedisServerSpecs(RedisServer server) : JournalSpecs(server), IClassFixture<RedisServer>;

public sealed class JournalOnGarnetSpecs(GarnetServer server) : JournalSpecs(server), IClassFixture<GarnetServer>;
