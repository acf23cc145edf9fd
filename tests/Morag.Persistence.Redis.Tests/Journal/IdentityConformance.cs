using Akka.Persistence;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Inspection;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>A Redis that was replaced or emptied is not written to, and is not mistaken for an empty journal.</summary>
public abstract class IdentityConformance(RedisTestServer server)
{
    private const string Key = "the:identity";
    protected const string Settings = """
        akka.persistence.journal.redis {
          identity { key = "the:identity", value = "mine" }
          circuit-breaker.max-failures = 1000
        }
        akka.persistence.snapshot-store.redis {
          identity { key = "the:identity", value = "mine" }
          circuit-breaker.max-failures = 1000
        }
        """;

    protected string Id { get; } = $"id-{Guid.NewGuid():n}";

    [ServerFact]
    public async Task Should_store_events_and_count_write_calls_when_the_identity_matches()
    {
        await using var redis = await ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server, Settings));
        var before = (long)await redis.GetDatabase().StringGetAsync($"{Key}:writes");

        await client.WriteAsync(Id, 1, 2);
        await client.WriteAsync(Id, 3);

        (await client.RecoverAsync(Id)).SequenceNrs.Should([1L, 2, 3]);
        ((long)await redis.GetDatabase().StringGetAsync($"{Key}:writes")).Should(before + 2);
    }

    [ServerTheory]
    [InlineData(null)]
    [InlineData("another")]
    public async Task Should_fail_all_calls_until_the_identity_is_restored_when_it_does_not_match(string? found)
    {
        await using var connection = await ConnectAsync();
        var redis = connection.GetDatabase();
        await using var client = new JournalClient(Plugins.On(server, Settings));
        await client.WriteAsync(Id, 1, 2);
        if (found is null) await redis.KeyDeleteAsync(Key);
        else await redis.StringSetAsync(Key, found);

        Func<Task>[] calls =
        [
            () => client.WriteAsync(Id, 3),
            () => client.WriteAsync($"{Id}-new", 1),
            () => client.RecoverAsync(Id),
            () => client.RecoverAsync($"{Id}-new"),
            () => client.DeleteAsync(Id, 2),
            () => new JournalInspector(client.System).VerifyAsync(Id),
            () => client.SaveSnapshotAsync(new SnapshotMetadata(Id, 2, DateTime.UnixEpoch), "state"),
            () => client.LoadSnapshotAsync(Id),
            () => client.DeleteSnapshotsAsync(Id, SnapshotSelectionCriteria.Latest),
        ];
        foreach (var call in calls)
        {
            var refusal = await Assert.ThrowsAsync<WrongStoreException>(call);
            refusal.Found.Should(found);
            Assert.DoesNotContain('\n', refusal.Message);
        }

        Assert.False(await redis.KeyExistsAsync($"journal:persisted:{Id}-new"));
        await redis.StringSetAsync(Key, "mine");
        await client.WriteAsync(Id, 3);
        (await client.RecoverAsync(Id)).SequenceNrs.Should([1L, 2, 3]);
    }

    protected async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var redis = await server.ConnectAsync();
        await redis.GetDatabase().StringSetAsync(Key, "mine");
        return redis;
    }
}

public sealed class IdentityOfRedisServerSpecs(RedisServer server) : IdentityConformance(server), IClassFixture<RedisServer>
{
    private readonly RedisServer _server = server;

    // Not on Garnet, which can flush during a script: the unacknowledged events that the script writes afterwards stay.
    [ServerFact]
    public async Task Should_acknowledge_no_lost_event_when_all_data_is_deleted_during_writes()
    {
        await using var redis = await ConnectAsync();
        await using var client = new JournalClient(Plugins.On(_server, Settings));
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writers = Enumerable.Range(0, 20).Select(async actor =>
        {
            for (var next = 1L; ; next++)
            {
                if (next == 20) enough.TrySetResult();
                await client.WriteAsync($"{Id}-{actor}", next);
            }
        }).ToList();
        await enough.Task;

        await redis.GetServers()[0].FlushDatabaseAsync();

        foreach (var writer in writers)
            await Assert.ThrowsAsync<WrongStoreException>(() => writer);
        Assert.Empty(redis.GetServers()[0].Keys());
    }
}

public sealed class IdentityOfGarnetSpecs(GarnetServer server) : IdentityConformance(server), IClassFixture<GarnetServer>;
