using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Query;
using Akka.Streams.Dsl;
using Morag.Persistence.Redis.Inspection;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Query;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Connection;

/// <summary>Passwords, and the minimal permissions from README.md.</summary>
public sealed class AccessRightsSpecs : IAsyncLifetime
{
    private readonly string _id = $"id-{Guid.NewGuid():n}";
    private readonly RedisServer _server = new() { Settings = ["--requirepass", "secret"], Password = "secret" };

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [RequiresRedisServerTheory]
    [InlineData("", "NOAUTH")]
    [InlineData(",password=wrong", "WRONGPASS")]
    [InlineData(",user=nobody,password=secret", "WRONGPASS")]
    public async Task Should_report_wrong_credentials_without_the_password_when_connecting(string credentials, string reason)
    {
        await using var client = new JournalClient(Plugins.At($"127.0.0.1:{_server.Port}{credentials}", Plugins.Patient));

        var failure = await Assert.ThrowsAsync<RedisConnectionException>(() => client.WriteAsync(_id, 1));

        Assert.StartsWith(
            $"akka.persistence.journal.redis cannot connect to Redis at 127.0.0.1:{_server.Port}: ",
            failure.Message,
            StringComparison.Ordinal);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", failure.Message, StringComparison.Ordinal);
    }

    [RequiresRedisServerFact]
    public async Task Should_connect_when_the_password_has_become_right()
    {
        await using var client = new JournalClient(Plugins.At($"127.0.0.1:{_server.Port},password=later", Plugins.Patient));
        await Assert.ThrowsAsync<RedisConnectionException>(() => client.WriteAsync(_id, 1));

        await using (var redis = await _server.ConnectAsync())
            await redis.GetServers()[0].ExecuteAsync("ACL", "SETUSER", "default", ">later");

        await client.WriteAsync(_id, 1);
    }

    [RequiresRedisServerFact]
    public async Task Should_store_and_recover_when_the_user_has_the_permissions_of_the_readme()
    {
        await using var redis = await _server.ConnectAsync();
        await GrantAsync(redis, MinimalPermissions.Plugins);
        await using var client = new JournalClient(MinimalPermissions.Use(_server));

        await client.WriteAsync(_id, 1, 3);
        await redis.GetDatabase().ExecuteAsync("SCRIPT", "FLUSH");
        await client.WriteAsync(_id, 4);
        await client.DeleteAsync(_id, 1);
        (await client.RecoverAsync(_id)).SequenceNrs.Should([2L, 3, 4]);
        foreach (var state in (string[])["first", "second"])
            await client.SaveSnapshotAsync(new SnapshotMetadata(_id, 2, DateTime.UnixEpoch), state);
        (await client.LoadSnapshotAsync(_id))!.Snapshot.Should("second");
        await client.DeleteSnapshotsAsync(_id, new SnapshotSelectionCriteria(9, DateTime.UnixEpoch));
        Assert.Null(await client.LoadSnapshotAsync(_id));
    }

    [RequiresRedisServerFact]
    public async Task Should_query_inspect_and_retire_when_the_user_has_the_additional_permissions_of_the_readme()
    {
        await using var redis = await _server.ConnectAsync();
        await GrantAsync(redis, MinimalPermissions.Plugins);
        await GrantAsync(redis, MinimalPermissions.Additional);
        await using var client = new JournalClient(MinimalPermissions.Use(_server, """
            akka.persistence.journal.redis.retention { after = 1 h, ended-by = ["priced"], interval = 1 s }
            """).WithFallback(Priced.Serialization));
        await client.WriteAsync(_id, 1, 3);
        var journal = client.System.ReadJournalFor<RedisReadJournal>(RedisReadJournal.Identifier);

        var events = await journal.CurrentEventsByPersistenceId(_id, 0, long.MaxValue).RunWith(Sink.Seq<EventEnvelope>(), client.System);
        events.Count.Should(3);
        (await journal.CurrentPersistenceIds().RunWith(Sink.Seq<string>(), client.System)).Should([_id]);
        var inspector = new JournalInspector(client.System);
        Assert.Empty((await inspector.VerifyAsync(_id))!);
        await inspector.MeasureAsync(largest: 3);
        var ended = StoredEvent.Encode(
            (ExtendedActorSystem)client.System, new Persistent(new Priced(1), 1, "ended"), DateTime.UnixEpoch.Ticks);
        await redis.GetDatabase().StringSetAsync("journal:persisted:ended:highestSequenceNr", 1);
        await redis.GetDatabase().SortedSetAddAsync("journal:persisted:ended", ended, 1);
        await Wait.UntilSucceedsAsync(
            async () => Assert.False(await redis.GetDatabase().KeyExistsAsync("journal:persisted:ended")));
    }

    [RequiresRedisServerFact]
    public async Task Should_name_the_missing_permission_when_a_call_fails()
    {
        await using var redis = await _server.ConnectAsync();
        await GrantAsync(redis, MinimalPermissions.Plugins);
        await redis.GetDatabase().ExecuteAsync("ACL", "SETUSER", "journal", "-zadd");
        await using var client = new JournalClient(MinimalPermissions.Use(_server));

        var write = await Assert.ThrowsAnyAsync<RedisException>(() => client.WriteAsync(_id, 1));
        Assert.Contains("can't run this command", write.Message, StringComparison.Ordinal);
        var save = await Assert.ThrowsAnyAsync<RedisException>(
            () => client.SaveSnapshotAsync(new SnapshotMetadata(_id, 1, DateTime.UnixEpoch), "state"));
        Assert.Contains("zadd", save.Message, StringComparison.Ordinal);
        (await client.RecoverAsync(_id)).Highest.Should(0);
    }

    [RequiresRedisServerFact]
    public async Task Should_remove_the_events_of_a_write_when_its_highest_number_cannot_be_set()
    {
        await using var redis = await _server.ConnectAsync();
        await GrantAsync(redis, MinimalPermissions.Plugins);
        await using var client = new JournalClient(MinimalPermissions.Use(_server));
        await client.WriteAsync(_id, 1, 3);
        await redis.GetDatabase().ExecuteAsync("ACL", "SETUSER", "journal", "-mset");

        Task[] writes = [client.WriteAsync(_id, 4, 2), client.WriteAsync($"{_id}-other", 1)];
        foreach (var write in writes)
        {
            var failure = await Assert.ThrowsAnyAsync<RedisException>(() => write);
            Assert.Contains("can't run this command", failure.Message, StringComparison.Ordinal);
        }

        await redis.GetDatabase().ExecuteAsync("ACL", "SETUSER", "journal", "+mset");
        (await client.RecoverAsync(_id)).SequenceNrs.Should([1L, 2, 3]);
        (await client.RecoverAsync($"{_id}-other")).Highest.Should(0);
        await client.WriteAsync(_id, 4);
    }

    private static async Task GrantAsync(ConnectionMultiplexer redis, IEnumerable<string[]> grants)
    {
        foreach (var grant in grants)
            await redis.GetDatabase().ExecuteAsync(grant[0], grant[1..]);
    }
}
