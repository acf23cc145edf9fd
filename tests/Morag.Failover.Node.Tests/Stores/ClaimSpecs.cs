using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Stores;
using Morag.Redis.TestServers;
using StackExchange.Redis;

namespace Morag.Failover.Node.Tests.Stores;

/// <summary>Which Redis a node takes for its own.</summary>
public abstract class ClaimSpecs(RedisTestServer server) : IDisposable
{
    private static readonly PartitionSettings Partitions = FailoverSettings.Default.Partitions;

    private readonly string folder = Directory.CreateTempSubdirectory("morag-claim-").FullName;

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    [ServerFact]
    public async Task Should_draw_an_id_once_and_know_it_again()
    {
        await server.FlushAsync();

        var first = await ClaimAsync("a");

        Assert.Equal(first, await ClaimAsync("a"));
        Assert.Equal(first, await ClaimAsync("b"));
    }

    [ServerFact]
    public async Task Should_refuse_other_partitions()
    {
        await server.FlushAsync();
        _ = await ClaimAsync("a");

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => ClaimAsync("b", partitions: Partitions with { Queues = 2 }));

        Assert.Contains("morag.failover.partitions = queues 2", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("was stored with queues 1", refusal.Message, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Should_refuse_an_emptied_store_until_this_loss_is_accepted_and_let_other_nodes_follow()
    {
        await server.FlushAsync();
        var lost = await ClaimAsync("a");
        _ = await ClaimAsync("b");
        await server.FlushAsync();

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => ClaimAsync("a"));
        Assert.Contains($"it is empty, but it held journal {lost}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(
            ConfigurationOptions.Parse(server.Address).EndPoints[0].ToString()!.Split('/')[^1],
            refusal.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        var token = refusal.Message.Split(' ')[^1];
        _ = await Assert.ThrowsAsync<StoreRefusedException>(() => ClaimAsync("a", accept: token + "0"));

        var next = await ClaimAsync("a", accept: token);

        Assert.NotEqual(lost, next);
        Assert.Equal(next, await ClaimAsync("a"));
        Assert.Equal(next, await ClaimAsync("b"));
        await server.FlushAsync();
        _ = await Assert.ThrowsAsync<StoreRefusedException>(() => ClaimAsync("a", accept: token));
    }

    [ServerFact]
    public async Task Should_refuse_another_journal_until_it_is_accepted()
    {
        await server.FlushAsync();
        _ = await ClaimAsync("a");
        await server.FlushAsync();
        var another = await ClaimAsync("b");

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => ClaimAsync("a"));
        Assert.Contains($"it holds journal {another}", refusal.Message, StringComparison.Ordinal);

        Assert.Equal(another, await ClaimAsync("a", accept: refusal.Message.Split(' ')[^1]));
        Assert.Equal(another, await ClaimAsync("b"));
    }

    [ServerFact]
    public async Task Should_refuse_an_older_state_and_give_it_another_id_when_it_is_accepted()
    {
        await server.FlushAsync();
        var lost = await ClaimAsync("a");
        JournalRecord.Open(RecordOf("a")).Write(new RecordedJournal { JournalId = lost, Writes = 10 });
        await using var redis = await server.ConnectAsync();
        await redis.GetDatabase().StringSetAsync("morag:journal-id:writes", 9);

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => ClaimAsync("a"));
        Assert.Contains("it holds an older state", refusal.Message, StringComparison.Ordinal);

        var next = await ClaimAsync("a", accept: refusal.Message.Split(' ')[^1]);
        Assert.NotEqual(lost, next);
        Assert.Equal(next, await ClaimAsync("a"));
    }

    [ServerFact]
    public async Task Should_refuse_events_without_an_id_also_when_it_knows_none()
    {
        await server.FlushAsync();
        await using var redis = await server.ConnectAsync();
        await redis.GetDatabase().SortedSetAddAsync("journal:persisted:queue-0", "event", 1);

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => ClaimAsync("a"));
        Assert.Contains("it holds events but no journal id", refusal.Message, StringComparison.Ordinal);

        var token = refusal.Message.Split(' ')[^1];
        Assert.NotEmpty(await ClaimAsync("a", accept: token));

        // What was accepted once says nothing of the next loss.
        await redis.GetDatabase().KeyDeleteAsync("morag:journal-id");
        await redis.GetDatabase().StringSetAsync("journal:persisted:queue-0:highestSequenceNr", 7);
        _ = await Assert.ThrowsAsync<StoreRefusedException>(() => ClaimAsync("c", accept: token));
    }

    protected async Task<string> ClaimAsync(string node, string? accept = null, PartitionSettings? partitions = null, ILogger? log = null)
    {
        string[] acceptance = accept is null ? [] : ["--accept-data-loss", accept];
        string[] arguments = ["--data", Path.Combine(folder, node), "--redis", server.ConnectionString, .. acceptance];
        var store = StoreAddress.Of(server.ConnectionString, NodeOptions.Load(arguments, _ => null));
        Assert.Equal(RecordOf(node), store.RecordFile);
        var identity = await ClusterIdentity.ClaimAsync(
            store, partitions ?? Partitions, JournalRecord.Open(store.RecordFile), TimeProvider.System, log ?? NullLogger.Instance);
        return identity.JournalId;
    }

    private string RecordOf(string node) => Path.Combine(folder, node, "journal.json");
}

public sealed class ClaimOnGarnetSpecs(GarnetServer server) : ClaimSpecs(server), IClassFixture<GarnetServer>;

public sealed class ClaimOnRedisServerSpecs(RedisServer server) : ClaimSpecs(server), IClassFixture<RedisServer>
{
    private readonly RedisServer server = server;

    [ServerFact]
    public async Task Should_refuse_a_policy_that_evicts_events_and_say_what_to_set()
    {
        await server.FlushAsync();
        await using var redis = await server.ConnectAsync();
        var admin = redis.GetServers()[0];
        await admin.ConfigSetAsync("maxmemory-policy", "allkeys-lru");
        await admin.ConfigSetAsync("maxmemory", "30mb");
        try
        {
            var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => ClaimAsync("a"));
            Assert.Contains("maxmemory-policy is allkeys-lru", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("set maxmemory-policy to noeviction", refusal.Message, StringComparison.Ordinal);

            await admin.ConfigSetAsync("maxmemory-policy", "volatile-lru");
            Assert.NotEmpty(await ClaimAsync("a"));
        }
        finally
        {
            await admin.ConfigSetAsync("maxmemory-policy", "noeviction");
            await admin.ConfigSetAsync("maxmemory", "0");
        }
    }
}
