using Akka.Persistence;
using Akka.Persistence.Query;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Query;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Query;

/// <summary>Queries for persistence ids: each is found once, among other keys of the database.</summary>
public abstract class PersistenceIdQueryConformance(RedisTestServer server) : IAsyncLifetime
{
    // Separates the keys of each test, and has every special character of SCAN patterns.
    private readonly string _prefix = $"{Guid.NewGuid():n}[a-b]*?^:";
    private JournalClient _client = null!;

    public Task InitializeAsync()
    {
        _client = Client(_prefix);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _client.DisposeAsync();

    [ServerFact]
    public async Task Should_return_nothing_when_nothing_was_written()
    {
        Assert.Empty(await Current().RestAsync());
    }

    [ServerFact]
    public async Task Should_return_each_id_once_when_they_contain_special_characters()
    {
        string[] ids =
        [
            " ", "with:colon/and{braces}", "{__x}.y", "unicode-ß-漢字-🙂", "journal:persisted:a", "a*[b]?", "highestSequenceNr",
            "\"quoted\"\n",
        ];
        foreach (var id in ids) await _client.WriteAsync(id, 1, 2);

        (await Current().RestAsync()).Order(StringComparer.Ordinal).Should(ids.Order(StringComparer.Ordinal));
    }

    [ServerFact]
    public async Task Should_return_each_id_once_when_there_are_thousands()
    {
        string[] ids = [.. Enumerable.Range(0, 3000).Select(n => $"id-{n:0000}")];
        foreach (var some in ids.Chunk(100)) await Task.WhenAll(some.Select(id => _client.WriteAsync(id, 1)));

        (await Current().RestAsync()).Order(StringComparer.Ordinal).Should(ids);
        (await Live().NextAsync(ids.Length)).Order(StringComparer.Ordinal).Should(ids);
    }

    [ServerFact]
    public async Task Should_return_an_id_when_its_events_are_deleted()
    {
        await _client.WriteAsync("deleted", 1, 2);
        await _client.DeleteAsync("deleted", 2);

        (await Current().RestAsync()).Should(["deleted"]);
    }

    [ServerFact]
    public async Task Should_return_an_id_when_a_crash_has_lost_its_highest_number()
    {
        await using var redis = await server.ConnectAsync();
        await _client.WriteAsync("crashed", 1);
        Assert.True(await redis.GetDatabase().KeyDeleteAsync(new KeyLayout(_prefix, server is RedisCluster).Counter("crashed")));

        (await Current().RestAsync()).Should(["crashed"]);
    }

    [ServerFact]
    public async Task Should_omit_other_keys_when_the_database_is_shared()
    {
        await using var redis = await server.ConnectAsync();
        await using var other = Client(_prefix + "other:");
        await using var similar = Client(_prefix.Replace('*', '-'));
        await other.WriteAsync("other", 1);
        await similar.WriteAsync("similar", 1);
        await _client.WriteAsync("mine", 1);
        await _client.SaveSnapshotAsync(new SnapshotMetadata("only-a-snapshot", 1, DateTime.UnixEpoch), "state");
        await redis.GetDatabase().StringSetAsync($"{_prefix}something-else", 1);

        (await Current().RestAsync()).Should(["mine"]);
        (await Current(other).RestAsync()).Should(["other"]);
    }

    [ServerFact]
    public async Task Should_return_new_ids_when_the_query_is_live()
    {
        await _client.WriteAsync("first", 1);
        var query = Live();
        (await query.NextAsync()).Should("first");

        foreach (var id in new[] { "second", "third", "fourth" })
        {
            await _client.WriteAsync("first", await NextNumberAsync("first"));
            await _client.WriteAsync(id, 1);
            (await query.NextAsync()).Should(id);
        }
    }

    [ServerFact]
    public async Task Should_not_affect_other_queries_when_a_live_query_is_cancelled()
    {
        var cancelled = Live();
        var other = Live();
        await _client.WriteAsync("first", 1);
        await cancelled.NextAsync();

        cancelled.Cancel();
        Assert.Empty(await cancelled.RestAsync());

        await _client.WriteAsync("second", 1);
        (await other.NextAsync(2)).Order(StringComparer.Ordinal).Should(["first", "second"]);
        (await Current().RestAsync()).Count.Should(2);
    }

    [ServerFact]
    public async Task Should_continue_without_repetition_when_the_server_is_restarted()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(n => _client.WriteAsync($"id-{n}", 1)));
        var reading = Live();
        var waiting = Live();
        List<string> found = [.. await reading.NextAsync(10)];
        await waiting.NextAsync(50);

        await server.KillAsync();
        await server.RestartAsync();
        await Wait.UntilSucceedsAsync(() => _client.RecoverAsync("id-0"));
        await _client.WriteAsync("new", 1);

        (await waiting.NextAsync()).Should("new");
        found.AddRange(await reading.NextAsync(41));
        found.Distinct().Count().Should(51);
    }

    [ServerFact]
    public async Task Should_fail_a_query_for_current_ids_when_the_server_is_down()
    {
        await _client.WriteAsync("id", 1);
        await server.KillAsync();

        var failure = await Assert.ThrowsAnyAsync<Exception>(Current().RestAsync);
        await server.RestartAsync();

        Assert.True(failure is RedisException or TimeoutException, failure.ToString());
    }

    private JournalClient Client(string prefix) => new(Plugins.On(server, $$"""
        akka.persistence.query.journal.redis.persistence-ids-refresh-interval = 20 ms
        akka.persistence.journal.redis { circuit-breaker.max-failures = 1000, key-prefix = "{{prefix}}" }
        akka.persistence.snapshot-store.redis.key-prefix = "{{prefix}}"
        """));

    private async Task<long> NextNumberAsync(string id) => (await _client.RecoverAsync(id)).Highest + 1;

    private RunningQuery<string> Current(JournalClient? client = null)
        => new(Journal(client ?? _client).CurrentPersistenceIds(), (client ?? _client).System);

    private RunningQuery<string> Live() => new(Journal(_client).PersistenceIds(), _client.System);

    private static RedisReadJournal Journal(JournalClient client)
        => client.System.ReadJournalFor<RedisReadJournal>(RedisReadJournal.Identifier);
}

public sealed class PersistenceIdQueryOnRedisServerSpecs(RedisServer server)
    : PersistenceIdQueryConformance(server), IClassFixture<RedisServer>;

public sealed class PersistenceIdQueryOnGarnetSpecs(GarnetServer server)
    : PersistenceIdQueryConformance(server), IClassFixture<GarnetServer>;

public sealed class PersistenceIdQueryOnRedisClusterSpecs(RedisCluster server)
    : PersistenceIdQueryConformance(server), IClassFixture<RedisCluster>;
