using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>Recovery of an id with several events that have the same number.</summary>
public abstract class DuplicateNumbersConformance(RedisTestServer server)
{
    private protected string Id { get; } = $"id-{Guid.NewGuid():n}";

    [ServerTheory]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(128)]
    public async Task Should_replay_each_number_once_when_duplicates_span_two_pages(int number)
    {
        await using var client = new JournalClient(Plugins.On(server, "akka.persistence.journal.redis.replay-page-size = 64"));
        await using var redis = await server.ConnectAsync();
        await WriteAsync(client, "first", 1, number - 1);
        await WriteAsync(client, "second", number, 2);
        await StoreAsync(redis, client.System, "first", number, client.System.Scheduler.Now.AddMinutes(-1));

        (await client.RecoverAsync(Id)).Events.Select(e => (e.SequenceNr, e.WriterGuid))
            .Should(Enumerable.Range(1, number + 1).Select(n => ((long)n, n < number ? "first" : "second")));
        (await client.RecoverAsync(Id)).SequenceNrs.Count.Should(number + 1);
    }

    [ServerFact]
    public async Task Should_fail_without_removing_anything_when_two_writers_continued_with_the_same_numbers()
    {
        await using var client = new JournalClient(Plugins.On(server));
        await using var redis = await server.ConnectAsync();
        foreach (var number in (int[])[1, 2, 3]) await WriteAsync(client, "one", number, 1);
        foreach (var number in (int[])[2, 3])
            await StoreAsync(redis, client.System, "other", number, client.System.Scheduler.Now.AddMinutes(number));

        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => client.RecoverAsync(Id));

        foreach (var part in (string[])[Id, "events 2 to 3", "writers one, other", "Nothing was removed", $"morag journal verify {Id}"])
            Assert.Contains(part, refused.Message, StringComparison.Ordinal);
        (await redis.GetDatabase().SortedSetLengthAsync(Events)).Should(5);
        Assert.False(await redis.GetDatabase().KeyExistsAsync(Removed));
    }

    [ServerFact]
    public async Task Should_keep_events_above_the_highest_number_when_it_is_too_low()
    {
        await using var client = new JournalClient(Plugins.On(server));
        await using var redis = await server.ConnectAsync();
        await WriteAsync(client, "first", 1, 2);
        foreach (var number in (int[])[3, 4, 5]) await WriteAsync(client, "second", number, 1);
        await StoreAsync(redis, client.System, "first", 3, client.System.Scheduler.Now.AddMinutes(1));
        await redis.GetDatabase().StringSetAsync($"{Events}:highestSequenceNr", 3);

        var recovered = await client.RecoverAsync(Id);

        recovered.Highest.Should(5);
        recovered.Events.Select(e => e.WriterGuid).Should(["first", "first", "second", "second", "second"]);
    }

    [ServerFact]
    public async Task Should_recover_the_events_after_a_snapshot_when_numbers_before_it_have_duplicates()
    {
        await using var client = new JournalClient(Plugins.On(server));
        await using var redis = await server.ConnectAsync();
        await WriteAsync(client, "one", 1, 4);
        await StoreAsync(redis, client.System, "one", 2, client.System.Scheduler.Now.AddMinutes(1));

        (await client.RecoverAsync(Id, from: 3)).SequenceNrs.Should([3L, 4]);
        await Assert.ThrowsAsync<InvalidDataException>(() => client.RecoverAsync(Id));
    }

    [ServerFact]
    public async Task Should_keep_a_copy_for_30_days_and_log_numbers_and_writers_when_events_are_removed()
    {
        await using var client = new JournalClient(Plugins.On(server, "akka.loglevel = WARNING"));
        await using var redis = await server.ConnectAsync();
        var warned = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.System.EventStream.Subscribe(client.System.ActorOf(Props.Create(() => new WarningListener(warned))), typeof(Warning));
        await WriteAsync(client, "first", 1, 2);
        foreach (var number in (int[])[3, 4]) await WriteAsync(client, "second", number, 1);
        var at = client.System.Scheduler.Now.AddMinutes(-1);
        foreach (var number in (int[])[3, 4, 5]) await StoreAsync(redis, client.System, "first", number, at);

        (await client.RecoverAsync(Id)).Highest.Should(4);

        var kept = await redis.GetDatabase().SortedSetRangeByRankWithScoresAsync(Removed);
        kept.Select(entry => ((int)entry.Score, Convert.ToBase64String((byte[])entry.Element!))).Should(
            new[] { 3, 4, 5 }.Select(number => (number, Convert.ToBase64String(Entry(client.System, "first", number, at)))));
        Assert.InRange((await redis.GetDatabase().KeyTimeToLiveAsync(Removed))!.Value, TimeSpan.FromDays(29), TimeSpan.FromDays(30));
        Assert.StartsWith(
            $"Removed events of a failed write of \"{Id}\" that Redis brought back after a crash: 3 (events 3 to 5 of writer first)",
            await warned.Task.WaitAsync(TimeSpan.FromSeconds(20)),
            StringComparison.Ordinal);
        Assert.Contains($"stays in \"{Removed}\" for 30 days", await warned.Task, StringComparison.Ordinal);
    }

    private string Events => $"journal:persisted:{Id}";

    private string Removed => $"journal:resurfaced:{Id}";

    private static byte[] Entry(ActorSystem system, string writer, long sequenceNr, DateTimeOffset writtenAt)
        => StoredEvent.Encode((ExtendedActorSystem)system, new Persistent("cut", sequenceNr, writerGuid: writer), writtenAt.UtcTicks);

    private protected Task WriteAsync(JournalClient client, string writer, long first, int count)
    {
        client.Writer = writer;
        return client.WriteAsync(Id, first, count);
    }

    private protected Task<bool> StoreAsync(
        ConnectionMultiplexer redis, ActorSystem system, string writer, long sequenceNr, DateTimeOffset writtenAt)
        => redis.GetDatabase().SortedSetAddAsync(Events, Entry(system, writer, sequenceNr, writtenAt), sequenceNr);

    private sealed class WarningListener(TaskCompletionSource<string> warned) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is Warning warning && warning.LogSource.Contains("redis", StringComparison.Ordinal))
                warned.TrySetResult(warning.Message.ToString()!);
        }
    }
}

public sealed class DuplicateNumbersOnRedisServerSpecs(RedisServer server) : DuplicateNumbersConformance(server), IClassFixture<RedisServer>
{
    private readonly RedisServer _server = server;

    [RequiresRedisServerFact]
    public async Task Should_read_only_nearby_events_when_a_number_has_duplicates()
    {
        const int PageSize = 100;
        await using var client = new JournalClient(
            Plugins.On(_server, $"akka.persistence.journal.redis.replay-page-size = {PageSize}"));
        await using var redis = await _server.ConnectAsync();
        await WriteAsync(client, "first", 1, 49 * PageSize);
        foreach (var number in (int[])[1, 2]) await WriteAsync(client, "second", (49 * PageSize) + number, 1);
        await StoreAsync(redis, client.System, "first", (49 * PageSize) + 1, client.System.Scheduler.Now.AddMinutes(-1));

        var (before, removed) = (await redis.CallsAsync("zrangebyscore"), await redis.CallsAsync("zrem"));
        await client.RecoverAsync(Id);
        var removing = await redis.CallsAsync("zrangebyscore") - before;
        (await redis.CallsAsync("zrem")).Should(removed + 1);
        await client.RecoverAsync(Id);

        Assert.InRange(removing - (await redis.CallsAsync("zrangebyscore") - before - removing), 1, 5);
    }
}

public sealed class DuplicateNumbersOnGarnetSpecs(GarnetServer server) : DuplicateNumbersConformance(server), IClassFixture<GarnetServer>;
