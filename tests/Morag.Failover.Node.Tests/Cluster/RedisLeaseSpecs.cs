using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using Akka.Coordination;
using Morag.Failover.Node.Cluster;
using Morag.Redis.TestServers;
using StackExchange.Redis;

namespace Morag.Failover.Node.Tests.Cluster;

public abstract class RedisLeaseSpecs(RedisTestServer server) : IAsyncLifetime
{
    private const string ShortTimes = "heartbeat-timeout = 2s, heartbeat-interval = 200ms, lease-operation-timeout = 2s";

    // No test reaches the end of such a lease.
    private const string LongTimes = "heartbeat-timeout = 300s, heartbeat-interval = 200ms, lease-operation-timeout = 20s";

    private readonly string name = $"lease-{Guid.NewGuid():n}";
    private readonly List<ActorSystem> systems = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => Task.WhenAll(systems.Select(system => system.Terminate()));

    [ServerFact]
    public async Task Should_grant_to_exactly_one_when_many_ask_at_once()
    {
        var contenders = Enumerable.Range(0, 10).Select(n => LeaseOf($"node-{n}", LongTimes)).ToList();

        var granted = await Task.WhenAll(contenders.Select(lease => lease.Acquire()));

        Assert.Single(granted, true);
        Assert.Equal(granted, contenders.Select(lease => lease.CheckLease()));
    }

    [ServerFact]
    public async Task Should_grant_again_to_its_holder()
    {
        var lease = LeaseOf("a", LongTimes);

        Assert.True(await lease.Acquire());
        Assert.True(await lease.Acquire());
        Assert.True(lease.CheckLease());
    }

    [ServerFact]
    public async Task Should_refuse_another_process_under_the_same_address()
    {
        Assert.True(await LeaseOf("a", LongTimes).Acquire());

        Assert.False(await LeaseOf("a", LongTimes).Acquire());
    }

    [ServerFact]
    public async Task Should_grant_to_another_when_released()
    {
        var (first, second) = (LeaseOf("a", LongTimes), LeaseOf("b", LongTimes));
        Assert.True(await first.Acquire());
        Assert.False(await second.Acquire());

        Assert.True(await first.Release());

        Assert.False(first.CheckLease());
        Assert.True(await second.Acquire());
    }

    [ServerFact]
    public async Task Should_not_release_what_another_holds()
    {
        var (first, second) = (LeaseOf("a", LongTimes), LeaseOf("b", LongTimes));
        Assert.True(await first.Acquire());

        await second.Release();

        Assert.False(await second.Acquire());
        Assert.True(first.CheckLease());
    }

    [ServerFact]
    public async Task Should_be_renewed_while_it_is_held()
    {
        Assert.True(await LeaseOf("a", LongTimes).Acquire());

        await using var redis = await server.ConnectAsync();
        var renewals = 0;
        var last = TimeSpan.MaxValue;
        await EventuallyAsync(async () =>
        {
            var left = await redis.GetDatabase().KeyTimeToLiveAsync(Key) ?? TimeSpan.Zero;
            renewals += left > last ? 1 : 0;
            last = left;
            return renewals >= 3;
        });
    }

    [ServerFact]
    public async Task Should_become_free_when_its_holder_is_gone_without_release()
    {
        var holder = LeaseOf("a", ShortTimes);
        Assert.True(await holder.Acquire());

        await systems[0].Terminate();

        Assert.False(holder.CheckLease());
        var other = LeaseOf("b", ShortTimes);
        await EventuallyAsync(other.Acquire);
        Assert.True(other.CheckLease());
    }

    [ServerFact]
    public async Task Should_tell_its_holder_when_another_owns_the_key()
    {
        var lost = new TaskCompletionSource<Exception?>();
        var lease = LeaseOf("a", LongTimes);
        Assert.True(await lease.Acquire(lost.SetResult));

        await using var redis = await server.ConnectAsync();
        await redis.GetDatabase().StringSetAsync(Key, "someone else");

        Assert.IsType<LeaseException>(await lost.Task.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.False(lease.CheckLease());
        Assert.Equal("someone else", await redis.GetDatabase().StringGetAsync(Key));
    }

    [ServerFact]
    public async Task Should_tell_its_holder_and_answer_with_errors_while_redis_is_gone()
    {
        var lost = new TaskCompletionSource<Exception?>();
        var lease = LeaseOf("a", ShortTimes);
        Assert.True(await lease.Acquire(lost.SetResult));

        await server.KillAsync();
        try
        {
            Assert.IsType<LeaseTimeoutException>(await lost.Task.WaitAsync(TimeSpan.FromSeconds(60)));
            Assert.False(lease.CheckLease());
            await Assert.ThrowsAnyAsync<LeaseException>(lease.Acquire);
        }
        finally
        {
            await server.InitializeAsync();
        }

        await EventuallyAsync(() => GrantedDespiteErrorsAsync(lease));
        Assert.True(lease.CheckLease());
    }

    [ServerFact]
    public async Task Should_leave_nothing_behind_when_an_attempt_times_out()
    {
        var lease = LeaseOf("a", "heartbeat-timeout = 300s, heartbeat-interval = 10s, lease-operation-timeout = 300ms");
        await EventuallyAsync(() => GrantedDespiteErrorsAsync(lease));
        await EventuallyAsync(() => ReleasedDespiteErrorsAsync(lease));
        await server.PauseAsync();
        try
        {
            await Assert.ThrowsAnyAsync<LeaseException>(lease.Acquire);
        }
        finally
        {
            await server.ResumeAsync();
        }

        Assert.False(lease.CheckLease());
        await EventuallyAsync(LeaseOf("b", LongTimes).Acquire);
    }

    [ServerFact]
    public async Task Should_grant_and_renew_nothing_when_redis_is_another_one()
    {
        await using var redis = await server.ConnectAsync();
        var identity = $"identity-{name}";
        await redis.GetDatabase().StringSetAsync(identity, "ours");
        var lost = new TaskCompletionSource<Exception?>();
        var holder = LeaseOf("a", $"{ShortTimes}, identity {{ key = {identity}, value = ours }}");
        await EventuallyAsync(() => DespiteErrorsAsync(() => holder.Acquire(lost.SetResult)));

        await redis.GetDatabase().StringSetAsync(identity, "another");

        Assert.IsAssignableFrom<LeaseException>(await lost.Task.WaitAsync(TimeSpan.FromSeconds(60)));
        var other = LeaseOf("b", $"{LongTimes}, identity {{ key = {identity}, value = ours }}");
        var refusal = await Assert.ThrowsAnyAsync<LeaseException>(other.Acquire);
        Assert.Contains("this is a different Redis", refusal.Message);
    }

    [ServerFact]
    public void Should_refuse_settings_that_cannot_hold_a_lease()
    {
        var refusal = Assert.ThrowsAny<Exception>(() => LeaseOf("a", "heartbeat-timeout = 1s, heartbeat-interval = 1s"));

        Assert.Contains("heartbeat-interval", refusal.ToString());
    }

    private string Key => "test:lease:" + name;

    private Lease LeaseOf(string owner, string times)
    {
        var config = ConfigurationFactory.ParseString(
            $$"""
            akka.loglevel = ERROR
            akka.coordination.lease.redis {
              lease-class = "{{typeof(RedisLease).AssemblyQualifiedName}}"
              connection-string = "{{server.ConnectionString}}"
              key-prefix = "test:"
              {{times}}
            }
            """);
        var system = ActorSystem.Create("lease", config);
        systems.Add(system);
        return LeaseProvider.Get(system).GetLease(name, "akka.coordination.lease.redis", owner);
    }

    private static Task<bool> GrantedDespiteErrorsAsync(Lease lease) => DespiteErrorsAsync(lease.Acquire);

    private static Task<bool> ReleasedDespiteErrorsAsync(Lease lease) => DespiteErrorsAsync(lease.Release);

    private static async Task<bool> DespiteErrorsAsync(Func<Task<bool>> attempt)
    {
        try
        {
            return await attempt();
        }
        catch (LeaseException)
        {
            return false;
        }
    }

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        for (var waited = Stopwatch.StartNew(); !await condition(); await Task.Delay(20))
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(60), "Still waiting");
        }
    }
}

public sealed class RedisLeaseOnRedisServerSpecs(RedisServer server) : RedisLeaseSpecs(server), IClassFixture<RedisServer>;

public sealed class RedisLeaseOnGarnetSpecs(GarnetServer server) : RedisLeaseSpecs(server), IClassFixture<GarnetServer>;
