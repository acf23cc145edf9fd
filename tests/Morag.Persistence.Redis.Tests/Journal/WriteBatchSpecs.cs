using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>Writes of one actor that together exceed <c>write-batch-bytes</c> are sent in several consecutive calls.</summary>
public sealed class WriteBatchSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private const string SmallCalls = "akka.persistence.journal.redis.write-batch-bytes = 16 KiB";
    private const int Events = 20;
    // Two such events exceed the limit of a call.
    private const int PayloadLength = 10_000;

    private readonly string _id = $"id-{Guid.NewGuid():n}";
    private RedisProxy _proxy = null!;

    public Task InitializeAsync()
    {
        if (RedisServer.SkipReason is null) _proxy = RedisProxy.Start(server);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        if (_proxy is not null) await _proxy.DisposeAsync();
    }

    [ServerTheory]
    [InlineData(PayloadLength, Events)]
    [InlineData(PayloadLength / 2, 7)]
    [InlineData(PayloadLength / 100, 1)]
    public async Task Should_limit_each_call_and_keep_the_order_when_writes_exceed_the_limit(int length, int calls)
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server, SmallCalls));
        await client.WriteAsync($"{_id}-first", 1);
        await redis.GetServers()[0].ConfigResetStatisticsAsync();

        await client.WriteEachAsync(_id, 1, Events, number => Payload(number, length));

        (await redis.CallsAsync("evalsha")).Should(calls);
        var recovered = await client.RecoverAsync(_id);
        recovered.SequenceNrs.Should(Enumerable.Range(1, Events).Select(number => (long)number));
        recovered.Events.Select(each => (string)each.Payload).Should(Enumerable.Range(1, Events).Select(number => Payload(number, length)));
    }

    [ServerTheory]
    [InlineData(1, ProxyFault.CutBefore, 0, 0)]
    [InlineData(8, ProxyFault.CutBefore, 7, 7)]
    [InlineData(8, ProxyFault.CutWithin, 7, 7)]
    // This call is stored although its reply is lost, so the next calls continue it.
    [InlineData(8, ProxyFault.CutAfter, 8, Events)]
    [InlineData(Events, ProxyFault.CutBefore, Events - 1, Events - 1)]
    public async Task Should_fail_all_writes_and_keep_a_prefix_when_one_of_the_calls_fails(
        int failing, ProxyFault fault, int least, int most)
    {
        await using var client = new JournalClient(Plugins.At(_proxy.ConnectionString, SmallCalls));
        await client.WriteAsync($"{_id}-first", 1);
        var injected = _proxy.FailNextAsync(fault, Name(failing));

        var failure = await Assert.ThrowsAnyAsync<Exception>(
            () => client.WriteEachAsync(_id, 1, Events, number => Payload(number, PayloadLength)));

        await injected;
        // The first failure is the cause. The later calls fail only because they do not continue the stored events.
        Assert.IsNotType<SequenceConflictException>(failure);
        var recovered = await Wait.UntilSucceedsAsync(() => client.RecoverAsync(_id));
        Assert.InRange(recovered.Highest, least, most);
        recovered.SequenceNrs.Should(Enumerable.Range(1, (int)recovered.Highest).Select(number => (long)number));
        await client.WriteAsync(_id, recovered.Highest + 1);
    }

    [ServerFact]
    public async Task Should_send_an_atomic_write_in_one_call_when_it_exceeds_the_limit()
    {
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.On(server, SmallCalls));
        await client.WriteAsync(_id, 1);
        await redis.GetServers()[0].ConfigResetStatisticsAsync();

        await client.WriteAsync(_id, 2, Events, Payload(0, PayloadLength));

        (await redis.CallsAsync("evalsha")).Should(1);
        (await client.RecoverAsync(_id)).Highest.Should(Events + 1);
    }

    private static string Name(int number) => $"<event {number:00}>";

    private static string Payload(int number, int length) => Name(number).PadRight(length, '.');
}
