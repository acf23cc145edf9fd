using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>The journal on Redis Cluster, with masters that do not reply.</summary>
public sealed class ClusterJournalSpecs(RedisCluster cluster) : IClassFixture<RedisCluster>, IAsyncLifetime
{
    private readonly string _prefix = $"id-{Guid.NewGuid():n}";

    /// <summary>The test before may have restarted a master.</summary>
    public Task InitializeAsync() => cluster.AwaitReadyAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [ServerFact]
    public async Task Should_store_the_keys_of_an_id_on_one_master_when_ids_are_spread_over_all()
    {
        await using var client = new JournalClient(Plugins.On(cluster));
        var ids = await IdsByMasterAsync(perMaster: 3);
        foreach (var id in ids.SelectMany(group => group))
        {
            await client.WriteAsync(id, 1, 2);
            await client.SaveSnapshotAsync(new(id, 2, DateTime.UnixEpoch), "state");
        }

        foreach (var (master, id) in ids.SelectMany(group => group.Select(id => (group.Key, id))))
        {
            await using var redis = await master.ConnectAsync();
            var keys = redis.GetServer("127.0.0.1", master.Port).Keys(pattern: $"*{id}*").Select(key => (string)key!);
            keys.Order(StringComparer.Ordinal).Should(
            [
                $"{{__{id}}}.journal:persisted:{id}",
                $"{{__{id}}}.journal:persisted:{id}:highestSequenceNr",
                $"{{__{id}}}.snapshot:{id}",
            ]);
        }
    }

    [ServerFact]
    public async Task Should_store_writes_on_other_masters_when_one_does_not_reply()
    {
        await using var client = new JournalClient(Plugins.On(cluster, """
            akka.persistence.journal.redis { writes-in-flight = 1, circuit-breaker.max-failures = 1000 }
            """));
        await using var redis = await cluster.ConnectAsync();
        var ids = await IdsByMasterAsync(perMaster: 5);
        foreach (var id in ids.SelectMany(group => group))
            await client.WriteAsync(id, 1);

        var frozen = ids.First();
        await frozen.Key.PauseAsync();
        var waiting = frozen.Select(id => client.WriteAsync(id, 2)).ToList();
        var others = ids.Where(group => group != frozen).SelectMany(group => group).ToList();
        // Their replies wait, because Akka.Persistence delivers the replies of one journal in the order of the writes.
        waiting.AddRange(others.Select(id => client.WriteAsync(id, 2)));
        foreach (var id in others)
        {
            await Wait.UntilSucceedsAsync(
                async () => (await redis.GetDatabase().SortedSetLengthAsync($"{{__{id}}}.journal:persisted:{id}")).Should(2));
        }

        Assert.DoesNotContain(waiting, write => write.IsCompleted);
        await frozen.Key.ResumeAsync();

        await Task.WhenAll(waiting);
        foreach (var id in ids.SelectMany(group => group))
            (await client.RecoverAsync(id)).SequenceNrs.Should([1L, 2]);
    }

    [ServerFact]
    public async Task Should_continue_when_a_master_is_restarted()
    {
        await using var client = new JournalClient(
            Plugins.On(cluster, "akka.persistence.journal.redis.circuit-breaker.max-failures = 1000"));
        var group = (await IdsByMasterAsync(perMaster: 1)).First();
        var id = group.Single();
        await client.WriteAsync(id, 1);

        await group.Key.KillAsync();
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => client.WriteAsync(id, 2));
        Assert.IsNotType<WriteRejectedException>(failure);
        await group.Key.RestartAsync();

        var recovered = await Wait.UntilSucceedsAsync(() => client.RecoverAsync(id));
        await client.WriteAsync(id, recovered.Highest + 1);
    }

    private async Task<ILookup<RedisServer, string>> IdsByMasterAsync(int perMaster)
    {
        await using var redis = await cluster.ConnectAsync();
        return Enumerable.Range(0, 1000)
            .Select(n => $"{_prefix}-{n}")
            .GroupBy(id => cluster.MasterOf(redis.GetHashSlot($"{{__{id}}}.")))
            .SelectMany(group => group.Take(perMaster).Select(id => (Master: group.Key, Id: id)))
            .ToLookup(placed => placed.Master, placed => placed.Id);
    }
}
