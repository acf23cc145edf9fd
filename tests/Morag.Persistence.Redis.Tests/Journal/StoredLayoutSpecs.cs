using Akka.Actor;
using Akka.Persistence;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>The keys and commands that the plugins use.</summary>
public sealed class StoredLayoutSpecs(RedisServer server) : IClassFixture<RedisServer>
{
    private readonly string _id = $"id-{Guid.NewGuid():n}";

    [ServerTheory]
    [InlineData("", 0)]
    [InlineData("app:", 3)]
    public async Task Should_use_the_documented_keys_and_types_when_storing(string prefix, int database)
    {
        await server.FlushAsync();
        await using var redis = await server.ConnectAsync();
        var raw = redis.GetDatabase(database);
        await using var client = new JournalClient(Plugins.On(server, $$"""
            akka.persistence.journal.redis { key-prefix = "{{prefix}}", database = {{database}} }
            akka.persistence.snapshot-store.redis { key-prefix = "{{prefix}}", database = {{database}} }
            """));
        await client.WriteAsync(_id, 1, 3);
        await client.SaveSnapshotAsync(new SnapshotMetadata(_id, 3, DateTime.UnixEpoch), "state");

        redis.GetServers()[0].Keys(database).Select(key => (string)key!).Order(StringComparer.Ordinal).Should(
            [$"{prefix}journal:persisted:{_id}", $"{prefix}journal:persisted:{_id}:highestSequenceNr", $"{prefix}snapshot:{_id}"]);
        (await raw.SortedSetRangeByScoreWithScoresAsync($"{prefix}journal:persisted:{_id}")).Select(e => e.Score).Should([1.0, 2, 3]);
        ((string?)await raw.StringGetAsync($"{prefix}journal:persisted:{_id}:highestSequenceNr")).Should("3");
        (await raw.SortedSetRangeByScoreWithScoresAsync($"{prefix}snapshot:{_id}")).Select(e => e.Score).Should([3.0]);
    }

    [ServerTheory]
    [InlineData("", 0)]
    [InlineData("app:", 3)]
    public async Task Should_delete_all_keys_and_start_at_1_again_when_an_id_is_erased(string prefix, int database)
    {
        await server.FlushAsync();
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server, $$"""
            akka.persistence.journal.redis { key-prefix = "{{prefix}}", database = {{database}} }
            akka.persistence.snapshot-store.redis { key-prefix = "{{prefix}}", database = {{database}} }
            """));
        await client.WriteAsync(_id, 1, 3);
        await client.SaveSnapshotAsync(new SnapshotMetadata(_id, 3, DateTime.UnixEpoch), "state");
        await client.WriteAsync("another", 1);

        await RedisPersistence.EraseAsync(client.System, _id, 3, TimeSpan.FromSeconds(10));

        redis.GetServers()[0].Keys(database).Select(key => (string)key!).Order(StringComparer.Ordinal).Should(
            [$"{prefix}journal:persisted:another", $"{prefix}journal:persisted:another:highestSequenceNr"]);
        await client.WriteAsync(_id, 1);
        await RedisPersistence.EraseAsync(client.System, "never written", 0, TimeSpan.FromSeconds(10));
    }

    [ServerFact]
    public async Task Should_erase_nothing_when_an_event_unknown_to_the_caller_was_written()
    {
        await server.FlushAsync();
        await using var client = new JournalClient(Plugins.On(server));
        await client.WriteAsync(_id, 1, 4);

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => RedisPersistence.EraseAsync(client.System, _id, 3, TimeSpan.FromSeconds(10)));

        await client.WriteAsync(_id, 5);
    }

    [ServerFact]
    public async Task Should_use_the_database_of_the_connection_string_when_configured()
    {
        await server.FlushAsync();
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(
            server,
            "akka.persistence.journal.redis.use-database-number-from-connection-string = on",
            connection: ",defaultDatabase=5"));

        await client.WriteAsync(_id, 1);

        (await redis.GetDatabase(5).KeyExistsAsync($"journal:persisted:{_id}")).Should(true);
    }

    [ServerFact]
    public async Task Should_recover_events_when_another_writer_stored_them_in_a_transaction()
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server));
        var system = (ExtendedActorSystem)client.System;
        var transaction = redis.GetDatabase().CreateTransaction();
        for (var n = 1; n <= 2; n++)
            _ = transaction.SortedSetAddAsync($"journal:persisted:{_id}", StoredEvent.Encode(system, new Persistent("text", n, _id), 0), n);
        _ = transaction.StringSetAsync($"journal:persisted:{_id}:highestSequenceNr", 2);
        Assert.True(await transaction.ExecuteAsync());

        (await client.RecoverAsync(_id)).SequenceNrs.Should([1L, 2]);
        await client.WriteAsync(_id, 3);
    }

    [ServerFact]
    public async Task Should_load_the_latest_snapshot_when_another_writer_stored_several_under_one_number()
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server));
        var system = (ExtendedActorSystem)client.System;
        foreach (var (hours, state) in new[] { (5, "older"), (9, "newer"), (1, "oldest") })
        {
            await redis.GetDatabase().SortedSetAddAsync(
                $"snapshot:{_id}",
                StoredSnapshot.Encode(system, new SnapshotMetadata(_id, 4, DateTime.UnixEpoch.AddHours(hours)), state),
                4);
        }

        (await client.LoadSnapshotAsync(_id))!.Snapshot.Should("newer");
        await client.SaveSnapshotAsync(new SnapshotMetadata(_id, 4, DateTime.UnixEpoch), "only");
        (await redis.GetDatabase().SortedSetLengthAsync($"snapshot:{_id}")).Should(1);
    }

    [ServerFact]
    public async Task Should_send_one_command_per_write_when_one_actor_writes()
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server, "akka.persistence.journal.redis.database = 2"));
        await client.WriteAsync(_id, 1);
        await redis.GetServers()[0].ConfigResetStatisticsAsync();

        for (var n = 2; n <= 201; n++)
            await client.WriteAsync(_id, n);

        (await redis.CallsAsync("evalsha")).Should(200);
        foreach (var command in new[] { "multi", "exec", "select", "eval" })
            (await redis.CallsAsync(command)).Should(0);
    }

    [ServerFact]
    public async Task Should_batch_writes_when_many_actors_write()
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server, Plugins.Patient));
        await client.WriteAsync(_id, 1);
        await redis.GetServers()[0].ConfigResetStatisticsAsync();

        await Task.WhenAll(Enumerable.Range(0, 1000).Select(n => client.WriteAsync($"{_id}-{n}", 1)));

        Assert.InRange(await redis.CallsAsync("evalsha"), 1, 999);
        (await redis.CallsAsync("zadd")).Should(1000);
    }

    [ServerFact]
    public async Task Should_replay_in_pages_when_there_are_many_events()
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server, "akka.persistence.journal.redis.replay-page-size = 100"));
        await client.WriteAsync(_id, 1, 1000);
        await redis.GetServers()[0].ConfigResetStatisticsAsync();

        (await client.RecoverAsync(_id)).SequenceNrs.Count.Should(1000);

        Assert.InRange(await redis.CallsAsync("zrangebyscore"), 10, 12);
    }

    [ServerFact]
    public async Task Should_replay_in_smaller_pages_when_events_are_large()
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(
            Plugins.On(server, "akka.persistence.journal.redis { replay-page-bytes = 64 KiB, replay-page-size = 50 }"));
        for (var n = 1; n <= 100; n++)
            await client.WriteAsync(_id, n, payload: new string('x', 32 * 1024));
        await redis.GetServers()[0].ConfigResetStatisticsAsync();

        (await client.RecoverAsync(_id)).SequenceNrs.Count.Should(100);

        Assert.InRange(await redis.CallsAsync("zrangebyscore"), 40, 60);
    }

    [ServerFact]
    public async Task Should_read_only_one_snapshot_when_loading_the_newest()
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server));
        for (var n = 1; n <= 100; n++)
            await client.SaveSnapshotAsync(new SnapshotMetadata(_id, n, DateTime.UnixEpoch), new byte[10_000]);
        await redis.GetServers()[0].ConfigResetStatisticsAsync();

        (await client.LoadSnapshotAsync(_id))!.Metadata.SequenceNr.Should(100);

        (await redis.CallsAsync("zrevrangebyscore")).Should(1);
        (await redis.CallsAsync("evalsha")).Should(0);
        Assert.InRange(await redis.InfoAsync("stats", "total_net_output_bytes"), 10_000, 30_000);
    }
}
