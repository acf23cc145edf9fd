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

    [ServerFact]
    public async Task Should_not_wait_for_a_redis_that_hangs_when_the_node_stops()
    {
        await using var node = await ConnectAsync(",asyncTimeout=600000");
        using var stop = new CancellationTokenSource();
        await server.PauseAsync();
        try
        {
            var start = node.Exchange.StartAsync(stop.Token);
            await stop.CancelAsync();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start.WaitAsync(HttpNode.Patience));
        }
        finally
        {
            await server.ResumeAsync();
        }
    }

    private async Task<Node> StartAsync()
    {
        var node = await ConnectAsync();
        await node.Exchange.StartAsync(CancellationToken.None);
        return node;
    }

    private async Task<Node> ConnectAsync(string settings = "")
    {
        var options = NodeOptions.Load([], _ => null);
        var keys = new DashboardKeys(StoreAddress.Of(server.ConnectionString + settings, options));
        await keys.StartingAsync(CancellationToken.None);
        return new Node(new EndedSessions(Clock), keys);
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
