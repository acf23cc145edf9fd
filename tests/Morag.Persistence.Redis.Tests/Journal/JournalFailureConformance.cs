using Akka.Persistence;
using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>Faults between the journal and Redis: a write fails or is stored, and is never reported as rejected.</summary>
public abstract class JournalFailureConformance(RedisTestServer server) : IAsyncLifetime
{
    private const string Impatient = "akka.persistence.journal.redis.circuit-breaker.max-failures = 1000";

    private readonly string _id = $"id-{Guid.NewGuid():n}";
    private ConnectionMultiplexer _redis = null!;

    private RedisKey Events => $"journal:persisted:{_id}";

    private RedisKey Counter => $"journal:persisted:{_id}:highestSequenceNr";

    private IDatabase Database => _redis.GetDatabase();

    public async Task InitializeAsync() => _redis = await server.ConnectAsync();

    public async Task DisposeAsync() => await _redis.DisposeAsync();

    [ServerFact]
    public async Task Should_store_exactly_one_of_two_writes_when_two_processes_use_a_number()
    {
        await using var one = new JournalClient(Plugins.On(server, Impatient));
        await using var other = new JournalClient(Plugins.On(server, Impatient));

        for (var n = 1; n <= 300; n++)
        {
            Task[] writes = [one.WriteAsync(_id, n), other.WriteAsync(_id, n)];
            await Task.WhenAll(writes).ContinueWith(static _ => { }, TaskScheduler.Default);
            writes.Count(write => write.IsCompletedSuccessfully).Should(1);
            var failure = writes.Single(write => write.IsFaulted).Exception!.InnerException;
            Assert.IsType<SequenceConflictException>(failure).Highest.Should(n);
        }

        (await one.RecoverAsync(_id)).SequenceNrs.Should(Enumerable.Range(1, 300).Select(n => (long)n));
    }

    [ServerFact]
    public async Task Should_store_exactly_one_of_two_writes_when_two_writers_in_one_process_use_a_number()
    {
        await using var client = new JournalClient(Plugins.On(server, Impatient));
        for (var n = 1; n <= 100; n++)
        {
            Task[] writes = [client.WriteAsync(_id, n), client.WriteAsync(_id, n)];
            await Task.WhenAll(writes).ContinueWith(static _ => { }, TaskScheduler.Default);
            writes.Count(write => write.IsCompletedSuccessfully).Should(1);
        }

        (await client.RecoverAsync(_id)).SequenceNrs.Should(Enumerable.Range(1, 100).Select(n => (long)n));
    }

    [ServerTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task Should_fail_a_write_when_it_does_not_continue_the_stored_events(int first)
    {
        await using var client = new JournalClient(Plugins.On(server));
        await client.WriteAsync(_id, 1, 3);

        var failure = await Assert.ThrowsAsync<SequenceConflictException>(() => client.WriteAsync(_id, first, 4, "overwritten"));

        failure.First.Should(first);
        failure.Highest.Should(3);
        var recovered = await client.RecoverAsync(_id);
        recovered.SequenceNrs.Should([1L, 2, 3]);
        recovered.Highest.Should(3);
    }

    [ServerFact]
    public async Task Should_store_nothing_when_writes_of_one_call_leave_a_gap()
    {
        await using var client = new JournalClient(Plugins.On(server));

        await Assert.ThrowsAsync<SequenceConflictException>(() => client.WriteTogetherAsync(_id, 1, 2, 4));

        (await client.RecoverAsync(_id)).Highest.Should(0);
        await client.WriteTogetherAsync(_id, 1, 2, 3);
        (await client.RecoverAsync(_id)).SequenceNrs.Should([1L, 2, 3]);
    }

    [ServerFact]
    public async Task Should_fail_writes_and_then_continue_when_the_server_is_down_and_restarted()
    {
        await using var client = new JournalClient(Plugins.On(server, Impatient));
        await client.WriteAsync(_id, 1);

        await server.KillAsync();
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => client.WriteAsync(_id, 2));
        Assert.IsNotType<WriteRejectedException>(failure);
        await server.RestartAsync();

        var recovered = await Wait.UntilSucceedsAsync(() => client.RecoverAsync(_id));
        await client.WriteAsync(_id, recovered.Highest + 1);
    }

    [ServerFact]
    public async Task Should_connect_when_the_server_starts_after_the_journal()
    {
        await server.KillAsync();
        await using var client = new JournalClient(Plugins.On(server, Impatient));
        await Assert.ThrowsAnyAsync<Exception>(() => client.RecoverAsync(_id));

        await server.RestartAsync();

        await Wait.UntilSucceedsAsync(() => client.RecoverAsync(_id));
        await client.WriteAsync(_id, 1);
    }

    [ServerFact]
    public async Task Should_fail_a_write_and_recover_its_event_later_when_the_reply_does_not_arrive()
    {
        await using var client = new JournalClient(Plugins.On(server, Impatient, connection: ",asyncTimeout=1500"));
        await client.WriteAsync(_id, 1);

        await server.PauseAsync();
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => client.WriteAsync(_id, 2));
        await server.ResumeAsync();

        Assert.IsNotType<WriteRejectedException>(failure);
        var recovered = await Wait.UntilSucceedsAsync(() => client.RecoverAsync(_id));
        recovered.Highest.Should(2);
        recovered.SequenceNrs.Should([1L, 2]);
        await client.WriteAsync(_id, 3);
    }

    [ServerFact]
    public async Task Should_send_the_text_of_a_script_when_the_server_has_lost_it()
    {
        await using var client = new JournalClient(Plugins.On(server));
        await client.WriteAsync(_id, 1);

        await Database.ExecuteAsync("SCRIPT", "FLUSH");
        await client.WriteAsync(_id, 2);
        await Database.ExecuteAsync("SCRIPT", "FLUSH");

        (await client.RecoverAsync(_id)).Highest.Should(2);
    }

    [ServerFact]
    public async Task Should_fail_a_write_when_the_key_of_the_events_has_another_type()
    {
        await using var client = new JournalClient(Plugins.On(server));
        await Database.StringSetAsync(Events, "not a sorted set");

        var failure = await Assert.ThrowsAsync<RedisException>(() => client.WriteAsync(_id, 1));

        Assert.Contains("WRONGTYPE", failure.Message, StringComparison.Ordinal);
        Assert.False(await Database.KeyExistsAsync(Counter));
    }

    [ServerFact]
    public async Task Should_fail_a_write_when_the_key_of_the_highest_number_has_another_type()
    {
        await using var client = new JournalClient(Plugins.On(server));
        await Database.ListRightPushAsync(Counter, "not a number");

        var failure = await Assert.ThrowsAsync<RedisException>(() => client.WriteAsync(_id, 1));

        Assert.Contains("WRONGTYPE", failure.Message, StringComparison.Ordinal);
        Assert.False(await Database.KeyExistsAsync(Events));
    }

    [ServerFact]
    public async Task Should_fail_a_write_when_the_highest_number_is_not_a_number()
    {
        await using var client = new JournalClient(Plugins.On(server));
        await Database.StringSetAsync(Counter, "not a number");

        await Assert.ThrowsAsync<RedisException>(() => client.WriteAsync(_id, 1));

        Assert.False(await Database.KeyExistsAsync(Events));
        ((string?)await Database.StringGetAsync(Counter)).Should("not a number");
    }

    [ServerFact]
    public async Task Should_fail_a_save_when_the_key_of_the_snapshots_has_another_type()
    {
        await using var client = new JournalClient(Plugins.On(server));
        await Database.StringSetAsync($"snapshot:{_id}", "not a sorted set");

        var failure = await Assert.ThrowsAnyAsync<RedisException>(
            () => client.SaveSnapshotAsync(new SnapshotMetadata(_id, 1, DateTime.UnixEpoch), "state"));

        Assert.Contains("WRONGTYPE", failure.Message, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Should_store_the_other_writes_of_a_batch_when_one_fails()
    {
        await using var client = new JournalClient(Plugins.On(server, Impatient));
        await Database.StringSetAsync(Events, "not a sorted set");

        var good = Enumerable.Range(0, 50).Select(n => client.WriteAsync($"{_id}-{n}", 1)).ToList();
        var bad = Enumerable.Range(0, 20).Select(_ => client.WriteAsync(_id, 1)).ToList();

        await Task.WhenAll(good);
        foreach (var write in bad)
            await Assert.ThrowsAsync<RedisException>(() => write);
    }

    [ServerFact]
    public async Task Should_reject_an_id_when_it_ends_like_the_key_of_a_highest_number()
    {
        await using var client = new JournalClient(Plugins.On(server));
        var id = $"{_id}:highestSequenceNr";

        var recovery = await Assert.ThrowsAnyAsync<ArgumentException>(() => client.RecoverAsync(id));
        Assert.Contains(":highestSequenceNr", recovery.Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => client.WriteAsync(id, 1));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => client.DeleteAsync(id, 1));
    }

    [ServerFact]
    public async Task Should_include_an_event_when_a_crash_has_left_it_above_the_highest_number()
    {
        await using var client = new JournalClient(Plugins.On(server, Impatient));
        await client.WriteAsync(_id, 1, 3);
        await Database.StringSetAsync(Counter, 2);

        (await client.RecoverAsync(_id)).Highest.Should(3);
        await Assert.ThrowsAsync<SequenceConflictException>(() => client.WriteAsync(_id, 3));
        await client.WriteAsync(_id, 4);
        ((long)await Database.StringGetAsync(Counter)).Should(4);
    }

    [ServerFact]
    public async Task Should_fail_a_write_and_report_the_loss_when_redis_has_lost_events()
    {
        await using var client = new JournalClient(Plugins.On(server, Impatient));
        await client.WriteAsync(_id, 1, 3);
        await Database.SortedSetRemoveRangeByScoreAsync(Events, 3, 3);
        await Database.StringSetAsync(Counter, 2);

        var failure = await Assert.ThrowsAsync<SequenceConflictException>(() => client.WriteAsync(_id, 4));

        Assert.Contains("Redis has lost events", failure.Message, StringComparison.Ordinal);
        failure.Highest.Should(2);
        (await client.RecoverAsync(_id)).Highest.Should(2);
    }

    [ServerFact]
    public async Task Should_keep_the_highest_number_when_the_events_above_it_are_deleted()
    {
        await using var client = new JournalClient(Plugins.On(server));
        await client.WriteAsync(_id, 1, 3);
        await Database.StringSetAsync(Counter, 2);

        await client.DeleteAsync(_id, 3);

        (await client.RecoverAsync(_id)).Highest.Should(3);
    }

    [ServerFact]
    public async Task Should_report_unhealthy_when_the_server_does_not_reply()
    {
        await using var client = new JournalClient(Plugins.On(server, connection: ",asyncTimeout=1500"));
        await client.WriteAsync(_id, 1);
        var persistence = Akka.Persistence.Persistence.Instance.Apply(client.System);

        await server.KillAsync();
        var journal = await persistence.CheckJournalHealthAsync(null);
        var snapshots = await persistence.CheckSnapshotStoreHealthAsync(null);
        await server.RestartAsync();

        journal.Status.Should(PersistenceHealthStatus.Unhealthy);
        snapshots.Status.Should(PersistenceHealthStatus.Unhealthy);
    }
}

public sealed class JournalFailuresOnRedisServerSpecs(RedisServer server) : JournalFailureConformance(server), IClassFixture<RedisServer>;

public sealed class JournalFailuresOnGarnetSpecs(GarnetServer server) : JournalFailureConformance(server), IClassFixture<GarnetServer>;
