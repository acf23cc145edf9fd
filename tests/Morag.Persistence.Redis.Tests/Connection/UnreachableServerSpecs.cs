using System.Net;
using System.Net.Sockets;
using Akka.Persistence;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Connection;

public sealed class UnreachableServerSpecs(RedisServer server) : IClassFixture<RedisServer>
{
    private const int Looks = 300;

    [ServerFact]
    public async Task Should_probe_a_server_that_is_away_a_few_times_only_when_many_look_at_its_health()
    {
        var proxy = RedisProxy.To(server);
        await using var client = new JournalClient(Plugins.At(proxy.ConnectionString));
        await client.WriteAsync($"probed-{Guid.NewGuid():n}", 1);
        await proxy.DisposeAsync();
        using var door = new TcpListener(IPAddress.Loopback, proxy.Port);
        door.Start();
        using var closing = new CancellationTokenSource();
        var knocks = TurnAwayAsync(door, closing.Token);

        var persistence = Akka.Persistence.Persistence.Instance.Apply(client.System);
        var found = await Task.WhenAll(Enumerable.Range(0, Looks).Select(_ => persistence.CheckJournalHealthAsync(null)));
        await closing.CancelAsync();

        Assert.All(found, health => Assert.Equal(PersistenceHealthStatus.Unhealthy, health.Status));
        // The connection of the journal knocks too, to be let in again.
        Assert.InRange(await knocks, 1, Looks / 3);
    }

    /// <summary>Closes each connection at once, until it is cancelled; how many there were.</summary>
    private static async Task<int> TurnAwayAsync(TcpListener door, CancellationToken closing)
    {
        var knocks = 0;
        try
        {
            while (true)
            {
                (await door.AcceptSocketAsync(closing)).Dispose();
                knocks++;
            }
        }
        catch (OperationCanceledException)
        {
            return knocks;
        }
    }
}
