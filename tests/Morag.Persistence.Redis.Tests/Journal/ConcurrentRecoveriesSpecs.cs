using Akka.Actor;
using Akka.Persistence;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>Recoveries of many actors do not wait for each other's replies.</summary>
public sealed class ConcurrentRecoveriesSpecs(RedisServer server) : IClassFixture<RedisServer>
{
    private const int Actors = 1500;

    private readonly string _id = $"id-{Guid.NewGuid():n}";

    [ServerFact]
    public async Task Should_send_the_requests_of_all_actors_when_no_reply_has_arrived()
    {
        await using var proxy = RedisProxy.Start(server);
        await using var redis = await server.ConnectAsync();
        await using var client = new JournalClient(Plugins.At(proxy.ConnectionString + ",asyncTimeout=60000", """
            akka.persistence {
              journal.redis.circuit-breaker.call-timeout = 90s
              snapshot-store.redis.circuit-breaker.call-timeout = 90s
            }
            """));
        await Task.WhenAll(Enumerable.Range(0, Actors).Select(actor => client.WriteAsync($"{_id}-{actor}", 1, 3)));
        await client.LoadSnapshotAsync(_id);
        var before = await redis.InfoAsync("stats", "total_commands_processed");

        proxy.HoldReplies();
        var recovered = Enumerable.Range(0, Actors).Select(actor => RecoverAsync(client.System, $"{_id}-{actor}")).ToList();

        await Wait.UntilSucceedsAsync(async () =>
        {
            var asked = await redis.InfoAsync("stats", "total_commands_processed") - before;
            Assert.True(asked >= Actors, $"Redis has received {asked} of {Actors} requests");
        });
        Assert.DoesNotContain(recovered, recovery => recovery.IsCompleted);
        proxy.Resume();
        Assert.All(await Task.WhenAll(recovered), events => Assert.Equal(3, events));
    }

    [ServerFact]
    public async Task Should_recover_all_actors_when_their_events_exceed_the_budget_in_flight()
    {
        await using var client = new JournalClient(Plugins.On(server, """
            akka.persistence.journal.redis { replay-bytes-in-flight = 1 MiB, replay-page-bytes = 16 MiB }
            """));
        var large = new string('x', 20_000);
        for (var actor = 0; actor < 40; actor++)
            await client.WriteAsync($"{_id}-{actor}", 1, 80, large);

        var recovered = await Task.WhenAll(Enumerable.Range(0, 40).Select(actor => client.RecoverAsync($"{_id}-{actor}")));

        Assert.All(recovered, recovery => Assert.Equal(80, recovery.Events.Count));
    }

    private static Task<int> RecoverAsync(ActorSystem system, string id)
    {
        var recovered = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        system.ActorOf(Props.Create(() => new Recovering(id, recovered)));
        return recovered.Task;
    }

    private sealed class Recovering(string id, TaskCompletionSource<int> recovered) : UntypedPersistentActor
    {
        private int _events;

        public override string PersistenceId { get; } = id;

        protected override void OnRecover(object message)
        {
            if (message is RecoveryCompleted) recovered.SetResult(_events);
            else if (message is string) _events++;
        }

        protected override void OnRecoveryFailure(Exception reason, object? message = null) => recovered.TrySetException(reason);

        protected override void OnCommand(object message)
        {
        }
    }
}
