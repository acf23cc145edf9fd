using Akka.Persistence;
using Akka.Persistence.Query;
using Morag.Persistence.Redis.Inspection;
using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Query;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Query;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>A Redis that is reachable but impaired: full, read-only, slow, or behind.</summary>
public sealed class RedisConditionsSpecs(RedisServer server) : IClassFixture<RedisServer>
{
    private const string Patient = "akka.persistence.journal.redis.circuit-breaker.max-failures = 1000";

    private readonly string _id = $"id-{Guid.NewGuid():n}";

    [ServerFact]
    public async Task Should_fail_writes_but_recover_and_delete_when_memory_is_full()
    {
        await using var redis = await server.ConnectAsync();
        var admin = redis.GetServers()[0];
        await using var client = new JournalClient(Plugins.On(server, Patient));
        await client.WriteAsync(_id, 1, 10);
        await client.SaveSnapshotAsync(new SnapshotMetadata(_id, 10, DateTime.UnixEpoch), "state");

        await admin.ConfigSetAsync("maxmemory", "1");
        try
        {
            var write = await Assert.ThrowsAsync<RedisException>(() => client.WriteAsync(_id, 11));
            Assert.Contains(
                $"Writing event 11 of \"{_id}\" failed, and nothing of the write was stored: OOM", write.Message, StringComparison.Ordinal);
            var batch = await Assert.ThrowsAsync<RedisException>(() => client.WriteAsync(_id, 11, 9000));
            Assert.Contains("OOM", batch.Message, StringComparison.Ordinal);
            var save = await Assert.ThrowsAnyAsync<RedisException>(
                () => client.SaveSnapshotAsync(new SnapshotMetadata(_id, 11, DateTime.UnixEpoch), "state"));
            Assert.Contains("OOM", save.Message, StringComparison.Ordinal);

            (await client.RecoverAsync(_id)).Highest.Should(10);
            (await client.LoadSnapshotAsync(_id))!.Metadata.SequenceNr.Should(10);
            await client.DeleteAsync(_id, 9);
        }
        finally
        {
            await admin.ConfigSetAsync("maxmemory", "0");
        }

        await client.WriteAsync(_id, 11);
        (await client.RecoverAsync(_id)).SequenceNrs.Should([10L, 11]);
    }

    [ServerFact]
    public async Task Should_name_the_replica_as_the_cause_when_only_a_replica_is_reachable()
    {
        await using var replica = await StartAsync();
        await ReplicateAsync(replica, server);
        await using var client = new JournalClient(Plugins.On(replica, Patient));

        Func<Task>[] calls =
        [
            () => client.WriteAsync(_id, 1),
            () => client.RecoverAsync(_id),
            () => client.SaveSnapshotAsync(new SnapshotMetadata(_id, 1, DateTime.UnixEpoch), "state"),
        ];
        foreach (var call in calls)
        {
            var failure = await Assert.ThrowsAnyAsync<RedisException>(call);
            Assert.Contains("replica", failure.Message, StringComparison.Ordinal);
        }
    }

    [ServerFact]
    public async Task Should_follow_the_new_primary_when_the_old_one_became_a_replica()
    {
        await using var second = await StartAsync();
        await ReplicateAsync(second, server);
        await using var client = new JournalClient(Plugins.At($"{server.ConnectionString},127.0.0.1:{second.Port}", Patient));
        await client.WriteAsync(_id, 1, 3);
        await using var redis = await server.ConnectAsync();
        await redis.GetDatabase().ExecuteAsync("WAIT", 1, 5000);

        // By hand, because Sentinel would close the connections.
        await using var other = await second.ConnectAsync();
        await other.GetServers()[0].ExecuteAsync("REPLICAOF", "NO", "ONE");
        await ReplicateAsync(server, second);
        try
        {
            var failure = await Assert.ThrowsAnyAsync<RedisException>(() => client.WriteAsync(_id, 4));
            Assert.Contains("replica", failure.Message, StringComparison.Ordinal);

            await Wait.UntilSucceedsAsync(() => client.WriteAsync(_id, 4));
            (await client.RecoverAsync(_id)).SequenceNrs.Should([1L, 2, 3, 4]);
            (await other.GetDatabase().SortedSetLengthAsync($"journal:persisted:{_id}")).Should(4);
        }
        finally
        {
            await redis.GetServers()[0].ExecuteAsync("REPLICAOF", "NO", "ONE");
        }
    }

    [ServerFact]
    public async Task Should_report_the_loss_when_the_new_primary_lacks_acknowledged_events()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync();
        await ReplicateAsync(second, first);
        await using var client = new JournalClient(Plugins.At($"{first.ConnectionString},127.0.0.1:{second.Port}", Patient));
        await client.WriteAsync(_id, 1, 3);
        await using (var redis = await first.ConnectAsync())
            await redis.GetDatabase().ExecuteAsync("WAIT", 1, 5000);

        // The replica now follows an address without a server, so it receives no more events.
        await using var other = await second.ConnectAsync();
        await other.GetServers()[0].ExecuteAsync("REPLICAOF", "127.0.0.1", "1");
        await client.WriteAsync(_id, 4, 2);
        await first.KillAsync();
        await other.GetServers()[0].ExecuteAsync("REPLICAOF", "NO", "ONE");

        var recovered = await Wait.UntilSucceedsAsync(() => client.RecoverAsync(_id));
        var failure = await Assert.ThrowsAsync<SequenceConflictException>(() => client.WriteAsync(_id, 6));
        Assert.Contains("Redis has lost events", failure.Message, StringComparison.Ordinal);
        recovered.SequenceNrs.Should([1L, 2, 3]);
        await client.WriteAsync(_id, 4);
    }

    [ServerFact]
    public async Task Should_read_nothing_from_a_replica_when_its_primary_is_down()
    {
        await using var primary = await StartAsync();
        await using var replica = await StartAsync();
        await ReplicateAsync(replica, primary);
        await using var client = new JournalClient(
            Plugins.At($"{primary.ConnectionString},127.0.0.1:{replica.Port},asyncTimeout=1500", Patient));
        await client.WriteAsync(_id, 1, 3);
        await client.SaveSnapshotAsync(new SnapshotMetadata(_id, 3, DateTime.UnixEpoch), "state");
        await using (var redis = await primary.ConnectAsync())
            ((long)await redis.GetDatabase().ExecuteAsync("WAIT", 1, 5000)).Should(1);
        var journal = client.System.ReadJournalFor<RedisReadJournal>(RedisReadJournal.Identifier);

        await primary.KillAsync();

        Func<Task>[] reads =
        [
            () => client.RecoverAsync(_id),
            () => client.LoadSnapshotAsync(_id),
            new RunningQuery<EventEnvelope>(journal.CurrentEventsByPersistenceId(_id, 0, long.MaxValue), client.System).RestAsync,
            new RunningQuery<string>(journal.CurrentPersistenceIds(), client.System).RestAsync,
            () => new JournalInspector(client.System).VerifyAsync(_id),
        ];
        await Task.WhenAll(reads.Select(Assert.ThrowsAnyAsync<Exception>));
        var persistence = Akka.Persistence.Persistence.Instance.Apply(client.System);
        (await persistence.CheckJournalHealthAsync(null)).Status.Should(PersistenceHealthStatus.Unhealthy);
        (await persistence.CheckSnapshotStoreHealthAsync(null)).Status.Should(PersistenceHealthStatus.Unhealthy);
    }

    [ServerFact]
    public async Task Should_succeed_when_the_server_pauses_for_less_than_the_timeout()
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server, Patient));
        await client.WriteAsync(_id, 1);

        await redis.GetServers()[0].ExecuteAsync("CLIENT", "PAUSE", "2000", "ALL");
        await client.WriteAsync(_id, 2);

        (await client.RecoverAsync(_id)).SequenceNrs.Should([1L, 2]);
    }

    [ServerFact]
    public async Task Should_fail_a_write_and_recover_its_event_later_when_the_reply_is_late()
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server, Patient, connection: ",asyncTimeout=500"));
        await client.WriteAsync(_id, 1);

        await redis.GetServers()[0].ExecuteAsync("CLIENT", "PAUSE", "2000", "ALL");
        var failure = await Assert.ThrowsAsync<RedisTimeoutException>(() => client.WriteAsync(_id, 2));

        Assert.Contains("did not reply in time", failure.Message, StringComparison.Ordinal);
        (await Wait.UntilSucceedsAsync(() => client.RecoverAsync(_id))).SequenceNrs.Should([1L, 2]);
        await client.WriteAsync(_id, 3);
    }

    [ServerFact]
    public async Task Should_store_all_events_when_the_server_loses_its_scripts_repeatedly()
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server));
        var writers = Enumerable.Range(0, 20).Select(async actor =>
        {
            for (var n = 1; n <= 50; n++)
                await client.WriteAsync($"{_id}-{actor}", n);
        }).ToList();

        while (!writers.TrueForAll(writer => writer.IsCompleted))
            await redis.GetDatabase().ExecuteAsync("SCRIPT", "FLUSH");

        await Task.WhenAll(writers);
        (await client.RecoverAsync($"{_id}-19")).Highest.Should(50);
    }

    private static async Task<RedisServer> StartAsync()
    {
        var server = new RedisServer();
        await server.InitializeAsync();
        return server;
    }

    /// <summary>Makes one server a replica of another, and returns once it has all of its data.</summary>
    private static async Task ReplicateAsync(RedisServer replica, RedisServer primary)
    {
        await using var redis = await replica.ConnectAsync();
        var admin = redis.GetServers()[0];
        await admin.ExecuteAsync("REPLICAOF", "127.0.0.1", primary.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await Wait.UntilSucceedsAsync(async () =>
            Assert.Contains("master_link_status:up", (string?)await admin.ExecuteAsync("INFO", "replication"), StringComparison.Ordinal));
    }
}
