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
    private const int Checks = 300;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    [ServerFact]
    public async Task Should_probe_a_server_only_a_few_times_when_it_is_down_and_many_callers_check_its_health()
    {
        var proxy = RedisProxy.Start(server);
        await using var client = new JournalClient(Plugins.At(proxy.ConnectionString));
        await client.WriteAsync($"probed-{Guid.NewGuid():n}", 1);
        await proxy.DisposeAsync();
        using var listener = new TcpListener(IPAddress.Loopback, proxy.Port);
        listener.Start();
        using var closing = new CancellationTokenSource();
        var attempts = RejectConnectionsAsync(listener, closing.Token);

        var persistence = Akka.Persistence.Persistence.Instance.Apply(client.System);
        var found = await Task.WhenAll(Enumerable.Range(0, Checks).Select(_ => persistence.CheckJournalHealthAsync(null)));
        await closing.CancelAsync();

        Assert.All(found, health => Assert.Equal(PersistenceHealthStatus.Unhealthy, health.Status));
        // The connection of the journal also tries to reconnect.
        Assert.InRange(await attempts, 1, Checks / 3);
    }

    [Fact]
    public async Task Should_report_the_cause_before_the_circuit_breaker_times_out_when_a_server_never_replies()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();

        var refused = await OpenAsync($"{mute.LocalEndpoint},connectTimeout=600000");

        Assert.StartsWith($"the.plugin cannot connect to Redis at {mute.LocalEndpoint}: ", refused.Message, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Should_report_the_cause_when_a_server_stops_replying_after_the_handshake()
    {
        await using var proxy = RedisProxy.Start(server);
        var silent = proxy.FailNextAsync(ProxyFault.SwallowReplies, "PING");

        var refused = await OpenAsync($"{proxy.ConnectionString},asyncTimeout=600000");

        await silent;
        Assert.StartsWith(
            $"the.plugin cannot connect to Redis at 127.0.0.1:{proxy.Port}: it did not reply in time",
            refused.Message,
            StringComparison.Ordinal);
    }

    /// <summary>Connects with a call timeout of one second. Returns the failure.</summary>
    private static async Task<RedisConnectionException> OpenAsync(string connectionString)
    {
        var section = ConfigurationFactory.ParseString($$"""
            configuration-string = "{{connectionString}}"
            circuit-breaker.call-timeout = 1 s
            """);
        var connection = new RedisConnection(RedisSettings.Read(section, "the.plugin"));
        try
        {
            return await Assert.ThrowsAsync<RedisConnectionException>(
                () => connection.OpenAsync(CancellationToken.None).AsTask().WaitAsync(Bound));
        }
        finally
        {
            connection.Close();
        }
    }

    /// <summary>Closes each new connection until it is cancelled. Returns the number of connections.</summary>
    private static async Task<int> RejectConnectionsAsync(TcpListener listener, CancellationToken closing)
    {
        var attempts = 0;
        try
        {
            while (true)
            {
                (await listener.AcceptSocketAsync(closing)).Dispose();
                attempts++;
            }
        }
        catch (OperationCanceledException)
        {
            return attempts;
        }
    }
}
