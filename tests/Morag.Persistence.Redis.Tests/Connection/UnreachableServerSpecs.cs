using System.Net;
using System.Net.Sockets;
using Akka.Configuration;
using Akka.Persistence;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Connection;

public sealed class UnreachableServerSpecs(RedisServer server) : IClassFixture<RedisServer>
{
    private const int Looks = 300;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

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

    [Fact]
    public async Task Should_say_that_a_server_is_mute_before_the_circuit_breaker_says_only_that_a_call_took_too_long()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();

        var refused = await OpenAsync($"{mute.LocalEndpoint},connectTimeout=600000");

        Assert.StartsWith($"the.plugin cannot connect to Redis at {mute.LocalEndpoint}: ", refused.Message, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Should_say_that_a_server_fell_silent_after_it_let_the_client_in()
    {
        await using var proxy = RedisProxy.To(server);
        var silent = proxy.FailNextAsync(ProxyFault.SwallowReplies, "PING");

        var refused = await OpenAsync($"{proxy.ConnectionString},asyncTimeout=600000");

        await silent;
        Assert.StartsWith($"the.plugin cannot connect to Redis at 127.0.0.1:{proxy.Port}: it did not answer in time", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Connects for calls that take a second at most; what comes of it.</summary>
    private static async Task<RedisConnectionException> OpenAsync(string connectionString)
    {
        var section = ConfigurationFactory.ParseString($$"""
            configuration-string = "{{connectionString}}"
            circuit-breaker.call-timeout = 1 s
            """);
        var connection = new RedisConnection(RedisSettings.Read(section, "the.plugin"));
        try
        {
            return await Assert.ThrowsAsync<RedisConnectionException>(() => connection.OpenAsync(CancellationToken.None).AsTask().WaitAsync(Bound));
        }
        finally
        {
            connection.Close();
        }
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
