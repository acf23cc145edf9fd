using Microsoft.Extensions.Logging.Abstractions;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http.Dashboard;
using Morag.Failover.Node.Stores;
using Morag.Redis.TestServers;

namespace Morag.Failover.Node.Tests.Http.Dashboard;

/// <summary>A session that is ended on one node is ended on all.</summary>
public abstract class EndedSessionsExchangeSpecs(RedisTestServer server)
{
    private static readonly SteadyClock Clock = SteadyClock.OfProcess;

    [ServerFact]
    public async Task Should_end_a_session_on_the_other_nodes_and_on_one_that_starts_later()
    {
        var id = $"session-{Guid.NewGuid():N}";
        await using var first = await StartAsync();
        await using var second = await StartAsync();

        first.Sessions.Add(id, Clock.GetUtcNow().AddHours(1));

        await Eventually.IsTrue(() => second.Sessions.Contains(id));
        await using var later = await StartAsync();
        Assert.True(later.Sessions.Contains(id));
    }

    private async Task<Node> StartAsync()
    {
        var options = NodeOptions.Load([], _ => null);
        var keys = new DashboardKeys(StoreAddress.Of(server.ConnectionString, options));
        await keys.StartingAsync(CancellationToken.None);
        var node = new Node(new EndedSessions(Clock), keys);
        await node.Exchange.StartAsync(CancellationToken.None);
        return node;
    }

    private sealed class Node(EndedSessions sessions, DashboardKeys keys) : IAsyncDisposable
    {
        public EndedSessions Sessions => sessions;

        public EndedSessionsExchange Exchange { get; } = new(
            sessions, keys, TimeSpan.FromMilliseconds(50), Clock, NullLogger<EndedSessionsExchange>.Instance);

        public async ValueTask DisposeAsync()
        {
            await Exchange.StopAsync(CancellationToken.None);
            Exchange.Dispose();
            await keys.DisposeAsync();
        }
    }
}

public sealed class EndedSessionsOnRedisServerSpecs(RedisServer server) : EndedSessionsExchangeSpecs(server), IClassFixture<RedisServer>;

public sealed class EndedSessionsOnGarnetSpecs(GarnetServer server) : EndedSessionsExchangeSpecs(server), IClassFixture<GarnetServer>;
