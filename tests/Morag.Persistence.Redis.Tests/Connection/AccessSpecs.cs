using Akka.Persistence;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Connection;

/// <summary>Who may do what: passwords, and the least rights that README.md gives.</summary>
public sealed class AccessSpecs : IAsyncLifetime
{
    private readonly string _id = $"id-{Guid.NewGuid():n}";
    private readonly RedisServer _server = new() { Settings = ["--requirepass", "secret"], Password = "secret" };

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [RequiresRedisServerTheory]
    [InlineData("", "NOAUTH")]
    [InlineData(",password=wrong", "WRONGPASS")]
    [InlineData(",user=nobody,password=secret", "WRONGPASS")]
    public async Task Should_say_that_the_password_is_wrong_without_naming_it(string credentials, string reason)
    {
        await using var client = new JournalClient(Plugins.At($"127.0.0.1:{_server.Port}{credentials}"));

        var failure = await Assert.ThrowsAsync<RedisConnectionException>(() => client.WriteAsync(_id, 1));

        Assert.StartsWith($"akka.persistence.journal.redis cannot connect to Redis at 127.0.0.1:{_server.Port}: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", failure.Message, StringComparison.Ordinal);
    }

    [RequiresRedisServerFact]
    public async Task Should_connect_once_the_password_is_right()
    {
        await using var client = new JournalClient(Plugins.At($"127.0.0.1:{_server.Port},password=later"));
        await Assert.ThrowsAsync<RedisConnectionException>(() => client.WriteAsync(_id, 1));

        await using (var redis = await _server.ConnectAsync())
            await redis.GetServers()[0].ExecuteAsync("ACL", "SETUSER", "default", ">later");

        await client.WriteAsync(_id, 1);
    }
}
