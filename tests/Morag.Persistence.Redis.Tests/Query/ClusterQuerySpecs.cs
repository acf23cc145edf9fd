using Akka.Persistence.Query;
using Morag.Persistence.Redis.Query;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Query;

/// <summary>Queries on Redis Cluster, where the ids are spread over all masters.</summary>
public sealed class ClusterQuerySpecs(RedisCluster cluster) : IClassFixture<RedisCluster>, IAsyncLifetime
{
    private const int Ids = 60;

    private readonly string _prefix = $"{Guid.NewGuid():n}*:";
    private JournalClient _client = null!;

    public async Task InitializeAsync()
    {
        // The test before may have restarted a master.
        await cluster.AwaitReadyAsync();
        _client = new JournalClient(Plugins.On(cluster, $$"""
            akka.persistence.query.journal.redis { refresh-interval = 20 ms, persistence-ids-refresh-interval = 20 ms }
            akka.persistence.journal.redis { circuit-breaker.max-failures = 1000, key-prefix = "{{_prefix}}" }
            """));
        await Task.WhenAll(Names.Select(id => _client.WriteAsync(id, 1, 3)));
    }

    public async Task DisposeAsync() => await _client.DisposeAsync();

    [ServerFact]
    public async Task Should_return_each_id_once_when_they_are_spread_over_all_masters()
    {
        var current = new RunningQuery<string>(Journal.CurrentPersistenceIds(), _client.System);
        (await current.RestAsync()).Order(StringComparer.Ordinal).Should(Names);
        foreach (var master in cluster.Masters)
            Assert.InRange(await KeysAsync(master), 1, 2 * (Ids - 1));

        var live = new RunningQuery<string>(Journal.PersistenceIds(), _client.System);
        (await live.NextAsync(Ids)).Order(StringComparer.Ordinal).Should(Names);
        await _client.WriteAsync("later", 1);
        (await live.NextAsync()).Should("later");
    }

    [ServerFact]
    public async Task Should_fail_instead_of_omitting_ids_when_a_master_is_down()
    {
        var live = new RunningQuery<string>(Journal.PersistenceIds(), _client.System);
        await live.NextAsync();

        await cluster.Masters[1].KillAsync();
        var failure = await Assert.ThrowsAnyAsync<Exception>(
            new RunningQuery<string>(Journal.CurrentPersistenceIds(), _client.System).RestAsync);
        await cluster.Masters[1].RestartAsync();

        Assert.True(failure is RedisException or TimeoutException, failure.ToString());
        (await live.NextAsync(Ids - 1)).Distinct().Count().Should(Ids - 1);
    }

    private RedisReadJournal Journal => _client.System.ReadJournalFor<RedisReadJournal>(RedisReadJournal.Identifier);

    private static IEnumerable<string> Names => Enumerable.Range(0, Ids).Select(n => $"id-{n:00}");

    private async Task<int> KeysAsync(RedisServer master)
    {
        await using var redis = await master.ConnectAsync();
        var pattern = $"*{_prefix.Replace("*", "\\*", StringComparison.Ordinal)}*";
        return redis.GetServer("127.0.0.1", master.Port).Keys(pattern: pattern).Count();
    }
}
