using System.Runtime.Serialization;
using Akka.Persistence.Journal;
using Akka.Persistence.Query;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Query;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Query;

/// <summary>Queries for the events of one persistence id: current events, and live queries.</summary>
public abstract class EventQueryConformance(RedisTestServer server) : IAsyncLifetime
{
    private const string Settings = """
        akka.persistence.query.journal.redis { refresh-interval = 20 ms, max-buffer-size = 5 }
        akka.persistence.journal.redis {
          circuit-breaker.max-failures = 1000
          event-adapters.splitting = "Morag.Persistence.Redis.Tests.Query.SplittingAdapter, Morag.Persistence.Redis.Tests"
          event-adapter-bindings."Morag.Persistence.Redis.Tests.Query.Pair, Morag.Persistence.Redis.Tests" = splitting
          event-adapter-bindings."Morag.Persistence.Redis.Tests.Query.StoredPair, Morag.Persistence.Redis.Tests" = splitting
        }
        """;

    private readonly string _id = $"id-{Guid.NewGuid():n}";
    private readonly JournalClient _client = new(Plugins.On(server, Settings));

    private KeyLayout Keys => new(string.Empty, server is RedisCluster);

    private RedisKey Events => Keys.Events(_id);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _client.DisposeAsync();

    [ServerTheory]
    [InlineData(0, long.MaxValue, new[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 })]
    [InlineData(3, 7, new[] { 3, 4, 5, 6, 7 })]
    [InlineData(12, 12, new[] { 12 })]
    [InlineData(13, long.MaxValue, new int[0])]
    [InlineData(7, 3, new int[0])]
    public async Task Should_return_the_current_events_of_a_range_and_complete_when_not_live(long from, long to, int[] expected)
    {
        await _client.WriteAsync(_id, 1, 12);

        var events = await Current(from, to).RestAsync();

        events.Select(e => (int)e.SequenceNr).Should(expected);
        events.Select(e => e.Event).Should(expected.Select(n => (object)$"e-{n}"));
        Assert.All(events, e => Assert.Equal(new Sequence(e.SequenceNr), e.Offset));
        Assert.All(events, e => Assert.Equal(_id, e.PersistenceId));
        Assert.All(events, e => Assert.True(new DateTime(e.Timestamp) > DateTime.UnixEpoch.AddYears(50)));
    }

    [ServerFact]
    public async Task Should_return_nothing_when_the_id_is_unknown()
    {
        Assert.Empty(await Current().RestAsync());
    }

    [ServerFact]
    public async Task Should_omit_later_events_when_the_query_is_not_live()
    {
        await _client.WriteAsync(_id, 1, 12);
        var query = Current();
        await query.NextAsync();

        await _client.WriteAsync(_id, 13, 12);

        (await query.RestAsync()).Select(e => e.SequenceNr).Should(Numbers(2, 11));
    }

    [ServerFact]
    public async Task Should_return_later_events_when_the_query_is_live()
    {
        await _client.WriteAsync(_id, 1, 3);
        var query = Live();
        (await query.NextAsync(3)).Select(e => e.SequenceNr).Should(Numbers(1, 3));

        for (var n = 4; n <= 40; n++)
        {
            await _client.WriteAsync(_id, n);
            (await query.NextAsync()).SequenceNr.Should(n);
        }
    }

    [ServerFact]
    public async Task Should_wait_when_the_id_is_still_unknown()
    {
        var query = Live();
        var first = query.NextAsync();

        await _client.WriteAsync(_id, 1);

        (await first).SequenceNr.Should(1);
    }

    [ServerFact]
    public async Task Should_wait_when_the_first_number_is_not_written_yet()
    {
        await _client.WriteAsync(_id, 1, 3);
        var query = Live(from: 6);
        var first = query.NextAsync();

        await _client.WriteAsync(_id, 4, 3);

        (await first).SequenceNr.Should(6);
    }

    [ServerFact]
    public async Task Should_complete_a_live_query_when_its_last_number_is_reached()
    {
        await _client.WriteAsync(_id, 1, 3);
        var query = Live(to: 5);

        await _client.WriteAsync(_id, 4, 3);

        (await query.RestAsync()).Select(e => e.SequenceNr).Should(Numbers(1, 5));
    }

    [ServerFact]
    public async Task Should_complete_a_live_query_when_the_event_of_its_last_number_is_not_stored()
    {
        await _client.WriteAsync(_id, 1, 5);
        await _client.DeleteAsync(_id, 5);

        Assert.Empty(await Live(to: 4).RestAsync());
    }

    [ServerFact]
    public async Task Should_return_the_remaining_and_later_events_when_events_are_deleted()
    {
        await _client.WriteAsync(_id, 1, 20);
        var query = Live();
        await query.NextAsync();

        await _client.DeleteAsync(_id, 18);
        (await Current().RestAsync()).Select(e => e.SequenceNr).Should([19L, 20]);
        await _client.DeleteAsync(_id, 20);
        Assert.Empty(await Current().RestAsync());
        await _client.WriteAsync(_id, 21);

        // At most one page was read before the deletes.
        var rest = await query.NextAsync();
        while (rest.SequenceNr < 21)
        {
            Assert.InRange(rest.SequenceNr, 2, 20);
            rest = await query.NextAsync();
        }
    }

    [ServerFact]
    public async Task Should_return_adapted_events_and_tags_when_there_are_event_adapters()
    {
        await _client.WriteAsync(_id, 1, payload: new Pair("left", "right"));
        await _client.WriteAsync(_id, 2, payload: new Tagged("plain", ["green"]));
        await _client.WriteAsync(_id, 3);

        var events = await Current().RestAsync();

        events.Select(e => e.Event).Should(["left", "right", "plain", "e-3"]);
        events.Select(e => e.SequenceNr).Should([1L, 1, 2, 3]);
        events.Select(e => string.Join(',', e.Tags)).Should(["blue,red", "blue,red", "green", ""]);
    }

    [ServerFact]
    public async Task Should_not_affect_other_queries_when_a_live_query_is_cancelled()
    {
        await _client.WriteAsync(_id, 1, 3);
        var cancelled = Live();
        var cancelledBeforeItsFirst = Live(from: 100);
        var other = Live();
        await cancelled.NextAsync(3);

        cancelled.Cancel();
        cancelledBeforeItsFirst.Cancel();
        Assert.Empty(await cancelled.RestAsync());
        Assert.Empty(await cancelledBeforeItsFirst.RestAsync());

        await _client.WriteAsync(_id, 4);
        (await other.NextAsync(4)).Select(e => e.SequenceNr).Should(Numbers(1, 4));
        (await _client.RecoverAsync(_id)).Highest.Should(4);
        (await Current().RestAsync()).Count.Should(4);
    }

    [ServerFact]
    public async Task Should_continue_without_loss_or_repetition_when_the_server_is_restarted()
    {
        await _client.WriteAsync(_id, 1, 12);
        var reading = Live();
        var waiting = Live();
        await reading.NextAsync(2);
        await waiting.NextAsync(12);
        var next = waiting.NextAsync();

        await server.KillAsync();
        await server.RestartAsync();
        await Wait.UntilSucceedsAsync(() => _client.RecoverAsync(_id));
        await _client.WriteAsync(_id, 13, 3);

        (await reading.NextAsync(13)).Select(e => e.SequenceNr).Should(Numbers(3, 13));
        (await next).SequenceNr.Should(13);
        (await waiting.NextAsync(2)).Select(e => e.SequenceNr).Should([14L, 15]);
    }

    [ServerFact]
    public async Task Should_start_a_live_query_when_the_server_is_down()
    {
        await _client.WriteAsync(_id, 1, 2);
        await server.KillAsync();
        var query = Live();
        var first = query.NextAsync();

        await server.RestartAsync();

        (await first).SequenceNr.Should(1);
    }

    [ServerFact]
    public async Task Should_fail_a_query_for_current_events_when_the_server_goes_down()
    {
        await _client.WriteAsync(_id, 1, 12);
        var query = Current();
        await query.NextAsync();

        await server.KillAsync();
        var failure = await Assert.ThrowsAnyAsync<Exception>(query.RestAsync);
        await server.RestartAsync();

        Assert.True(failure is RedisException or TimeoutException, failure.ToString());
    }

    [ServerFact]
    public async Task Should_name_key_and_number_and_serve_other_queries_when_an_event_cannot_be_read()
    {
        await using var redis = await server.ConnectAsync();
        await _client.WriteAsync(_id, 1, 2);
        await redis.GetDatabase().SortedSetAddAsync(Events, "not an event", 3);
        await _client.WriteAsync($"{_id}-other", 1);
        var other = Live($"{_id}-other");

        foreach (var query in new[] { Current(), Live() })
        {
            (await query.NextAsync(2)).Select(e => e.SequenceNr).Should([1L, 2]);
            var failure = await Assert.ThrowsAsync<SerializationException>(query.NextAsync);
            Assert.Contains($"sequence number 3 in the key \"{Events}\"", failure.Message, StringComparison.Ordinal);
        }

        (await other.NextAsync()).SequenceNr.Should(1);
    }

    [ServerFact]
    public async Task Should_fail_a_live_query_when_the_key_of_the_events_has_another_type()
    {
        await using var redis = await server.ConnectAsync();
        await redis.GetDatabase().StringSetAsync(Events, "not a sorted set");

        await Assert.ThrowsAsync<RedisServerException>(Live().NextAsync);
    }

    [ServerFact]
    public async Task Should_fail_a_live_query_when_events_that_it_has_returned_are_lost()
    {
        await using var redis = await server.ConnectAsync();
        await _client.WriteAsync(_id, 1, 5);
        var query = Live();
        await query.NextAsync(5);
        var next = query.NextAsync();

        await redis.GetDatabase().SortedSetRemoveRangeByScoreAsync(Events, 4, 5);
        await redis.GetDatabase().StringSetAsync(Keys.Counter(_id), 3);

        var failure = await Assert.ThrowsAsync<JournalRewoundException>(() => next);
        (failure.Seen, failure.Highest).Should((5, 3));
    }

    [ServerFact]
    public void Should_reject_an_id_when_it_ends_like_the_key_of_a_highest_number()
    {
        Assert.Throws<ArgumentException>(() => Current(id: $"{_id}:highestSequenceNr"));
        Assert.Throws<ArgumentException>(() => Live($"{_id}:highestSequenceNr"));
    }

    private RedisReadJournal Journal => _client.System.ReadJournalFor<RedisReadJournal>(RedisReadJournal.Identifier);

    private RunningQuery<EventEnvelope> Current(long from = 0, long to = long.MaxValue, string? id = null)
        => new(Journal.CurrentEventsByPersistenceId(id ?? _id, from, to), _client.System);

    private RunningQuery<EventEnvelope> Live(string? id = null, long from = 0, long to = long.MaxValue)
        => new(Journal.EventsByPersistenceId(id ?? _id, from, to), _client.System);

    private static IEnumerable<long> Numbers(int first, int count) => Enumerable.Range(first, count).Select(n => (long)n);
}

public sealed class EventQueryOnRedisServerSpecs(RedisServer server) : EventQueryConformance(server), IClassFixture<RedisServer>;

public sealed class EventQueryOnGarnetSpecs(GarnetServer server) : EventQueryConformance(server), IClassFixture<GarnetServer>;

public sealed class EventQueryOnRedisClusterSpecs(RedisCluster server) : EventQueryConformance(server), IClassFixture<RedisCluster>;
