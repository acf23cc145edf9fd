using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Retention;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Layout;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Retention;

/// <summary>
/// Retention removes the entries of ended ids and no others. The tests store old events directly, as another writer would have stored
/// them.
/// </summary>
public abstract class RetentionConformance(RedisTestServer server) : IAsyncLifetime
{
    private static readonly Tagged Final = new("the end", ["final", "red"]);

    // Separates the keys of each test.
    private readonly string _prefix = $"{Guid.NewGuid():n}:";
    private ConnectionMultiplexer _redis = null!;
    private JournalClient _client = null!;

    private IDatabase Database => _redis.GetDatabase();

    private KeyLayout Keys => new(_prefix, server is RedisCluster);

    public async Task InitializeAsync()
    {
        _redis = await server.ConnectAsync();
        _client = Client();
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [ServerFact]
    public async Task Should_remove_the_entries_when_an_id_ended_long_ago()
    {
        await StoreAsync("ended", 31, "a", "b", Final);
        await _client.SaveSnapshotAsync(new SnapshotMetadata("ended", 2, DateTime.UnixEpoch), "state");

        (await SweepAsync()).Should(1);

        Assert.False(await Database.KeyExistsAsync(Keys.Events("ended")));
        Assert.False(await Database.KeyExistsAsync(Keys.Snapshots("ended")));
    }

    [ServerFact]
    public async Task Should_continue_after_the_used_numbers_when_an_id_is_used_again()
    {
        await StoreAsync("ended", 31, "a", Final);
        (await SweepAsync()).Should(1);

        // The write of an actor that had recovered before the removal.
        var conflict = await Assert.ThrowsAsync<SequenceConflictException>(() => _client.WriteAsync("ended", 3));
        conflict.Highest.Should(3);

        var recovered = await _client.RecoverAsync("ended");
        (recovered.Highest, recovered.SequenceNrs.Count).Should((3, 0));
        await _client.WriteAsync("ended", 4);
        (await _client.RecoverAsync("ended")).SequenceNrs.Should([4L]);
    }

    [ServerFact]
    public async Task Should_remove_the_entries_when_the_manifest_of_the_last_event_ends_the_id()
    {
        await StoreAsync("ended", 31, "a", new Priced(1));
        await StoreAsync("task-progressed", 31, new Priced(1), "a");

        (await SweepAsync(endedBy: "priced")).Should(1);

        (await KeptAsync("ended")).Should(0);
    }

    [ServerFact]
    public async Task Should_keep_the_entries_when_an_id_has_not_ended_long_ago()
    {
        await StoreAsync("young", 29, "a", Final);
        await StoreAsync("of-the-future", -2, "a", Final);
        await StoreAsync("of-no-known-time", null, "a", Final);
        await StoreAsync("not-ended", 400, "a", "b");
        await StoreAsync("task-progressed", 31, "a", Final, "b");
        await StoreAsync("tried-to-go-on", 31, "a", Final);
        await Database.StringSetAsync(Keys.Counter("tried-to-go-on"), 3);
        await StoreAsync("with-a-later-snapshot", 31, "a", Final);
        await _client.SaveSnapshotAsync(new SnapshotMetadata("with-a-later-snapshot", 3, DateTime.UnixEpoch), "state");

        (await SweepAsync()).Should(0);

        (await KeptAsync("task-progressed")).Should(3);
        foreach (var id in new[] { "young", "of-the-future", "of-no-known-time", "not-ended", "tried-to-go-on", "with-a-later-snapshot" })
            (await KeptAsync(id)).Should(2);
    }

    [ServerFact]
    public async Task Should_keep_the_entries_when_an_event_is_written_meanwhile()
    {
        await StoreAsync("id", 31, "a", Final);
        await _client.WriteAsync("id", 3);

        var open = new OpenConnection(_redis, Database, Keys, Identity: null);
        var removed = await RedisScript.Load("retire")
            .RunAsync(open, [Keys.Events("id"), Keys.Counter("id"), Keys.Snapshots("id")], [2, 3]);

        ((int)removed).Should(0);
        (await KeptAsync("id")).Should(3);
    }

    [ServerFact]
    public async Task Should_skip_an_entry_when_it_cannot_be_read()
    {
        await Database.SortedSetAddAsync(Keys.Events("unreadable"), "not an event", 1);
        await Database.StringSetAsync(Keys.Events("of-another-type"), "not a sorted set");
        await StoreAsync("ended", 31, "a", Final);

        (await SweepAsync()).Should(1);

        Assert.True(await Database.KeyExistsAsync(Keys.Events("unreadable")));
        Assert.True(await Database.KeyExistsAsync(Keys.Events("of-another-type")));
    }

    [ServerFact]
    public async Task Should_remove_all_entries_in_one_sweep_when_many_ids_have_ended()
    {
        // In chunks, because on a busy machine the last of many calls would time out.
        foreach (var ids in Enumerable.Range(0, 1500).Chunk(100))
            await Task.WhenAll(ids.Select(n => StoreAsync($"ended-{n}", 31, "a", Final)));

        (await SweepAsync()).Should(1500);
    }

    [ServerFact]
    public async Task Should_not_sweep_again_when_the_interval_has_not_passed()
    {
        await SweepAsync();
        await StoreAsync("ended", 31, "a", Final);

        (await SweepAsync()).Should(0);
    }

    [ServerFact]
    public async Task Should_keep_sweeping_when_the_server_was_down()
    {
        await StoreAsync("first", 31, "a", Final);
        await using var journal = Client("akka.persistence.journal.redis.retention { after = 30 d, ended-by = [final], interval = 1 s }");
        await journal.RecoverAsync("another");
        await Wait.UntilSucceedsAsync(async () => Assert.Equal(0, await KeptAsync("first")));

        await server.KillAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => journal.RecoverAsync("another"));
        await server.RestartAsync();
        await Wait.UntilSucceedsAsync(() => StoreAsync("second", 31, "a", Final));

        await Wait.UntilSucceedsAsync(async () => Assert.Equal(0, await KeptAsync("second")));
    }

    [ServerFact]
    public async Task Should_not_sweep_when_retention_is_off()
    {
        await StoreAsync("ended", 31, "a", Final);

        await _client.WriteAsync("another", 1);

        Assert.False(await Database.KeyExistsAsync(Keys.RetentionTurn));
        (await KeptAsync("ended")).Should(2);
    }

    private JournalClient Client(string settings = "") => new(Plugins.On(server, $$"""
        akka.persistence.journal.redis { circuit-breaker.max-failures = 1000, key-prefix = "{{_prefix}}" }
        akka.persistence.snapshot-store.redis.key-prefix = "{{_prefix}}"
        {{settings}}
        """).WithFallback(Priced.Serialization));

    private Task<int> SweepAsync(string endedBy = "final")
    {
        var connection = new RedisConnection(RedisSettings.ReadJournal(_client.System, RedisPersistence.JournalPluginId));
        _client.System.RegisterOnTermination(connection.Close);
        var settings = new RetentionSettings
        {
            After = TimeSpan.FromDays(30),
            EndedBy = new HashSet<string> { endedBy },
            Interval = TimeSpan.FromHours(1),
        };
        return new RetentionSweep(_client.System, connection, settings).RunAsync();
    }

    private async Task StoreAsync(string id, int? daysAgo, params object[] events)
    {
        var timestamp = daysAgo is { } days ? _client.System.Scheduler.Now.AddDays(-days).UtcTicks : 0;
        var number = 0;
        foreach (var e in events)
        {
            number++;
            var stored = StoredEvent.Encode((ExtendedActorSystem)_client.System, new Persistent(e, number, id), timestamp);
            await Database.SortedSetAddAsync(Keys.Events(id), stored, number);
        }

        await Database.StringSetAsync(Keys.Counter(id), number);
    }

    private Task<long> KeptAsync(string id) => Database.SortedSetLengthAsync(Keys.Events(id));
}

public sealed class RetentionOnRedisServerSpecs(RedisServer server) : RetentionConformance(server), IClassFixture<RedisServer>;

public sealed class RetentionOnGarnetSpecs(GarnetServer server) : RetentionConformance(server), IClassFixture<GarnetServer>;

public sealed class RetentionOnRedisClusterSpecs(RedisCluster server) : RetentionConformance(server), IClassFixture<RedisCluster>;

/// <summary>Validation of the retention settings.</summary>
public sealed class RetentionSettingsSpecs
{
    [Theory]
    [InlineData("")]
    [InlineData("ended-by = [final]")]
    [InlineData("after = off, ended-by = [final]")]
    public void Should_be_off_when_no_age_is_set(string retention)
    {
        Assert.Null(Read(retention));
    }

    [Fact]
    public void Should_read_all_settings_when_retention_is_on()
    {
        var settings = Read("after = 90 d, ended-by = [final, worker-gone]")!;

        settings.After.Should(TimeSpan.FromDays(90));
        settings.Interval.Should(TimeSpan.FromHours(1));
        settings.EndedBy.Order(StringComparer.Ordinal).Should(["final", "worker-gone"]);
    }

    [Theory]
    [InlineData("after = 90 d", "ended-by")]
    [InlineData("after = 59 m, ended-by = [final]", "after")]
    [InlineData("after = 0, ended-by = [final]", "after")]
    [InlineData("after = 90 d, ended-by = [final], interval = 0 s", "interval")]
    public void Should_reject_a_setting_when_it_is_missing_or_out_of_range(string retention, string named)
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read(retention));

        Assert.Contains($"path.retention.{named}", refused.Message, StringComparison.Ordinal);
    }

    private static RetentionSettings? Read(string retention)
        => RetentionSettings.Read(
            ConfigurationFactory.ParseString($"retention {{ {retention} }}")
                .WithFallback(RedisPersistence.DefaultConfig().GetConfig(RedisPersistence.JournalPluginId)),
            "path");
}
