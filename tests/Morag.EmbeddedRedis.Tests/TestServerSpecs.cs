using StackExchange.Redis;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>What tests rely on when they kill and restart their servers.</summary>
public abstract class TestServerSpecs(RedisTestServer server)
{
    [ServerFact]
    public async Task Should_keep_its_port_and_data_when_killed_and_restarted()
    {
        await using (var connection = await server.ConnectAsync())
        {
            await connection.GetDatabase().StringSetAsync("kept", "yes");
        }

        await server.KillAsync();
        await Assert.ThrowsAnyAsync<RedisException>(PingAsync);
        await server.InitializeAsync();

        await using var again = await server.ConnectAsync();
        Assert.Equal("yes", await again.GetDatabase().StringGetAsync("kept"));
    }

    [ServerFact]
    public async Task Should_not_reply_while_paused()
    {
        await using var connection = await server.ConnectAsync();
        await server.PauseAsync();
        var reply = connection.GetDatabase().StringSetAsync("paused", "yes");
        Assert.False(reply.IsCompleted);

        await server.ResumeAsync();

        Assert.True(await reply);
    }

    [ServerFact]
    public async Task Should_have_no_keys_when_flushed()
    {
        await using var connection = await server.ConnectAsync();
        await connection.GetDatabase().StringSetAsync("flushed", "no");

        await server.FlushAsync();

        Assert.False(await connection.GetDatabase().KeyExistsAsync("flushed"));
    }

    private async Task PingAsync()
    {
        var options = ConfigurationOptions.Parse(server.ConnectionString);
        options.AbortOnConnectFail = true;
        await using var connection = await ConnectionMultiplexer.ConnectAsync(options);
        await connection.GetDatabase().PingAsync();
    }
}

public sealed class GarnetServerSpecs(GarnetServer server) : TestServerSpecs(server), IClassFixture<GarnetServer>;

public sealed class RedisServerSpecs(RedisServer server) : TestServerSpecs(server), IClassFixture<RedisServer>;
