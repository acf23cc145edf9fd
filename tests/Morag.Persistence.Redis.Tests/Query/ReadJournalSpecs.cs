using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence.Query;
using Morag.Persistence.Redis.Query;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Query;

/// <summary>Configuration and buffering of the read journal.</summary>
public sealed class ReadJournalSpecs(RedisServer server) : IClassFixture<RedisServer>
{
    private readonly string _id = $"id-{Guid.NewGuid():n}";

    [ServerFact]
    public async Task Should_work_when_only_the_journal_is_configured()
    {
        await using var client = new JournalClient($$"""
            akka.persistence.journal.plugin = "akka.persistence.journal.redis"
            akka.persistence.journal.redis {
              class = "Morag.Persistence.Redis.Journal.RedisJournal, Morag.Persistence.Redis"
              configuration-string = "{{server.ConnectionString}}"
              circuit-breaker.max-failures = 50
            }
            """);
        await client.WriteAsync(_id, 1);

        var query = new RunningQuery<EventEnvelope>(Journal(client).EventsByPersistenceId(_id, 0, 1), client.System);

        (await query.RestAsync()).Count.Should(1);
    }

    [ServerFact]
    public async Task Should_read_another_journal_when_configured()
    {
        await using var client = new JournalClient(Plugins.On(server, $$"""
            akka.persistence.journal.other {
              class = "Morag.Persistence.Redis.Journal.RedisJournal, Morag.Persistence.Redis"
              configuration-string = "{{server.ConnectionString}}"
              key-prefix = "other:"
            }
            akka.persistence.query.journal.other {
              class = "Morag.Persistence.Redis.Query.RedisReadJournalProvider, Morag.Persistence.Redis"
              write-plugin = "akka.persistence.journal.other"
            }
            """));
        await using var writer = new JournalClient(Plugins.On(server, "akka.persistence.journal.redis.key-prefix = \"other:\""));
        await writer.WriteAsync(_id, 1);

        var other = client.System.ReadJournalFor<RedisReadJournal>("akka.persistence.query.journal.other");

        Assert.Empty(await RunAsync(Journal(client)));
        (await RunAsync(other)).Count.Should(1);

        Task<IReadOnlyList<EventEnvelope>> RunAsync(RedisReadJournal journal)
            => new RunningQuery<EventEnvelope>(journal.CurrentEventsByPersistenceId(_id, 0, long.MaxValue), client.System).RestAsync();
    }

    [Theory]
    [InlineData("refresh-interval = 1 ms", "refresh-interval")]
    [InlineData("persistence-ids-refresh-interval = 2 d", "persistence-ids-refresh-interval")]
    [InlineData("max-buffer-size = 0", "max-buffer-size")]
    [InlineData("max-buffer-bytes = 100", "max-buffer-bytes")]
    [InlineData("write-plugin = nowhere", "nowhere")]
    public async Task Should_reject_a_setting_when_it_is_out_of_range(string setting, string named)
    {
        await using var client = new JournalClient(Plugins.On(server, $"akka.persistence.query.journal.redis {{ {setting} }}"));

        var refused = Assert.Throws<ConfigurationException>(() => Journal(client));

        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [ServerTheory]
    [InlineData("max-buffer-size = 10", 10)]
    [InlineData("max-buffer-bytes = 32 KiB", 16)]
    public async Task Should_buffer_at_most_one_page_when_there_is_no_demand(string setting, int page)
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(
            server,
            $"akka.persistence.query.journal.redis {{ refresh-interval = 20 ms, {setting} }}"));
        await client.WriteAsync(_id, 1, 1000, payload: new string('x', 2048));
        var journal = Journal(client);
        foreach (var query in new[] { journal.CurrentEventsByPersistenceId(_id, 0, 1000), journal.EventsByPersistenceId(_id, 0, 1000) })
        {
            await redis.GetServers()[0].ConfigResetStatisticsAsync();
            var running = new RunningQuery<EventEnvelope>(query, client.System);

            // The buffers of the stream hold events too. Without demand, no further page is read.
            await running.NextAsync(3 * page);
            Assert.InRange(await redis.CallsAsync("zrangebyscore"), 2, 5);

            (await running.RestAsync()).Count.Should(1000 - 3 * page);
            Assert.InRange(await redis.CallsAsync("zrangebyscore"), 1000 / page, 1000 / page + 10);
        }
    }

    private static RedisReadJournal Journal(JournalClient client)
        => client.System.ReadJournalFor<RedisReadJournal>(RedisReadJournal.Identifier);
}
