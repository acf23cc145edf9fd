using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>
/// The connection to Redis breaks before, during and after a write, or replies stop arriving. The write fails or is durable, the actor
/// learns which or stops, and no event is lost or stored twice.
/// </summary>
public abstract class ConnectionLossConformance(RedisTestServer server) : IAsyncLifetime
{
    private const string Settings = """
        akka.persistence.journal.redis.circuit-breaker.max-failures = 1000000
        akka.persistence.snapshot-store.redis.circuit-breaker.call-timeout = 3 s
        """;

    private readonly string _id = $"id-{Guid.NewGuid():n}";
    private readonly RedisProxy _proxy = RedisProxy.Start(server);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    [ServerTheory]
    [InlineData(ProxyFault.CutBefore, 1)]
    [InlineData(ProxyFault.CutWithin, 1)]
    [InlineData(ProxyFault.CutAfter, 2)]
    [InlineData(ProxyFault.SwallowReplies, 2)]
    public async Task Should_fail_the_write_and_recover_whether_it_is_stored_when_a_fault_occurs(ProxyFault fault, int highest)
    {
        await using var client = new JournalClient(ThroughProxy());
        await client.WriteAsync(_id, 1);

        var injected = _proxy.FailNextAsync(fault);
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => client.WriteAsync(_id, 2));
        await injected;
        _proxy.Cut();

        Assert.IsNotType<WriteRejectedException>(failure);
        var recovered = await Wait.UntilSucceedsAsync(() => client.RecoverAsync(_id));
        recovered.Highest.Should(highest);
        recovered.SequenceNrs.Should(Enumerable.Range(1, highest).Select(n => (long)n));
        await client.WriteAsync(_id, highest + 1);
    }

    [ServerTheory]
    [InlineData(ProxyFault.CutBefore)]
    [InlineData(ProxyFault.CutWithin)]
    [InlineData(ProxyFault.CutAfter)]
    [InlineData(ProxyFault.SwallowReplies)]
    public async Task Should_stop_the_actor_when_its_write_fails(ProxyFault fault)
    {
        await using var client = new JournalClient(ThroughProxy());
        using var driver = new Driver(client.System);
        var ledger = driver.Start(_id);
        await driver.ExpectAsync<Ledger.LedgerRecovered>();
        ledger.Tell(new Ledger.Enter("first"));
        await driver.ExpectAsync<string>();

        var injected = _proxy.FailNextAsync(fault);
        ledger.Tell(new Ledger.Enter("second"));
        ledger.Tell(new Ledger.Enter("third"));
        (await driver.ExpectAsync<Terminated>()).ActorRef.Should(ledger);
        await injected;
        _proxy.Cut();

        var recovered = await Wait.UntilSucceedsAsync(async () =>
        {
            driver.Start(_id);
            return await driver.ExpectAsync<Ledger.LedgerRecovered>();
        });
        string[] all = ["first", "second"];
        recovered.Entries.Should(all[..(int)recovered.LastSequenceNr]);
    }

    [ServerFact]
    public async Task Should_fail_the_next_write_when_an_abandoned_one_arrives_after_the_recovery()
    {
        await using var client = new JournalClient(ThroughProxy());
        await client.WriteAsync(_id, 1);
        var injected = _proxy.FailNextAsync(ProxyFault.HoldBack);
        await Assert.ThrowsAnyAsync<Exception>(() => client.WriteAsync(_id, 2, payload: "late"));
        await injected;
        (await Wait.UntilSucceedsAsync(() => client.RecoverAsync(_id))).Highest.Should(1);

        await _proxy.ReleaseAsync();

        await Assert.ThrowsAsync<SequenceConflictException>(() => client.WriteAsync(_id, 2, payload: "never stored"));
        (await client.RecoverAsync(_id)).Events.Select(e => e.Payload).Should(["e-1", "late"]);
        await client.WriteAsync(_id, 3);
    }

    [ServerFact]
    public async Task Should_fail_reads_and_deletes_and_then_continue_when_the_connection_stalls()
    {
        await using var client = new JournalClient(ThroughProxy());
        await client.WriteAsync(_id, 1, 2);

        _proxy.Stall();
        Task[] calls = [client.RecoverAsync(_id), client.DeleteAsync(_id, 1), client.LoadSnapshotAsync(_id)];
        foreach (var call in calls)
            await Assert.ThrowsAnyAsync<Exception>(() => call);
        _proxy.Resume();

        await Wait.UntilSucceedsAsync(() => client.DeleteAsync(_id, 1));
        (await client.RecoverAsync(_id)).SequenceNrs.Should([2L]);
        Assert.Null(await client.LoadSnapshotAsync(_id));
    }

    [ServerFact]
    public async Task Should_never_store_a_write_when_it_was_cancelled_before_it_was_sent()
    {
        await using var client = new JournalClient(ThroughProxy("""
            akka.persistence.journal.redis { writes-in-flight = 1, circuit-breaker.call-timeout = 500 ms }
            """));
        // On a busy machine, connecting can take longer than half a second.
        await Wait.UntilSucceedsAsync(() => client.RecoverAsync($"{_id}-sent"));
        await client.WriteAsync($"{_id}-sent", 1);

        _proxy.Stall();
        var sent = client.WriteAsync($"{_id}-sent", 2);
        var waiting = client.WriteAsync($"{_id}-waiting", 1);
        await Assert.ThrowsAnyAsync<Exception>(() => sent);
        await Assert.ThrowsAnyAsync<Exception>(() => waiting);
        _proxy.Resume();

        (await Wait.UntilSucceedsAsync(() => client.RecoverAsync($"{_id}-sent"))).Highest.Should(2);
        (await client.RecoverAsync($"{_id}-waiting")).Highest.Should(0);
    }

    [ServerFact]
    public async Task Should_keep_every_acknowledged_event_once_when_connections_break_repeatedly()
    {
        const int Actors = 30;
        const int Cuts = 15;
        const int WritesBetweenCuts = 300;
        await using var client = new JournalClient(ThroughProxy());
        var acknowledged = Enumerable.Range(0, Actors).Select(_ => new Dictionary<long, string>()).ToArray();
        var writes = 0;
        var done = false;
        var cut = new SemaphoreSlim(0);

        var writers = Enumerable.Range(0, Actors).Select(async actor =>
        {
            for (var next = 0L; !Volatile.Read(ref done);)
            {
                if (next == 0) next = (await Wait.UntilSucceedsAsync(() => client.RecoverAsync($"{_id}-{actor}"))).Highest + 1;
                var entry = Guid.NewGuid().ToString();
                try
                {
                    await client.WriteAsync($"{_id}-{actor}", next, payload: entry);
                    acknowledged[actor][next++] = entry;
                }
                catch (Exception e) when (e is not WriteRejectedException)
                {
                    next = 0;
                }

                if (Interlocked.Increment(ref writes) % WritesBetweenCuts == 0) cut.Release();
            }
        }).ToList();
        for (var n = 0; n < Cuts; n++)
        {
            await Task.WhenAny(cut.WaitAsync(), Task.WhenAll(writers));
            _proxy.Cut();
        }

        Volatile.Write(ref done, true);
        await Task.WhenAll(writers);
        for (var actor = 0; actor < Actors; actor++)
        {
            var recovered = await Wait.UntilSucceedsAsync(() => client.RecoverAsync($"{_id}-{actor}"));
            recovered.SequenceNrs.Should(Enumerable.Range(1, (int)recovered.Highest).Select(n => (long)n));
            foreach (var (sequenceNr, entry) in acknowledged[actor])
                recovered.Events[(int)sequenceNr - 1].Payload.Should(entry);
        }
    }

    private Config ThroughProxy(string settings = "")
        => Plugins.At(_proxy.ConnectionString + ",asyncTimeout=1500", Settings + "\n" + settings);
}

public sealed class ConnectionLossToRedisServerSpecs(RedisServer server) : ConnectionLossConformance(server), IClassFixture<RedisServer>;

public sealed class ConnectionLossToGarnetSpecs(GarnetServer server) : ConnectionLossConformance(server), IClassFixture<GarnetServer>;
