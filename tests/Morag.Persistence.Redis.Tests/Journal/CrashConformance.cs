using System.Globalization;
using Akka.Persistence;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>The server is killed with SIGKILL during writes, and restarted on its data.</summary>
public abstract class CrashConformance(RedisTestServer server)
{
    // Unique to this run, because not all servers keep deletions over a crash.
    private readonly string _id = Guid.NewGuid().ToString("n");

    [ServerTheory]
    [InlineData(1, 40)]
    [InlineData(10, 40)]
    [InlineData(10_000, 4)]
    public async Task Should_keep_acknowledged_events_and_complete_batches_when_the_server_is_killed(int batch, int actors)
    {
        await using var client = new JournalClient(Plugins.On(server));
        var acknowledged = new long[actors];
        for (var round = 1; round <= 3; round++)
        {
            await KillDuringWritesAsync(actors, async actor =>
            {
                await client.WriteAsync($"{_id}-{actor}", acknowledged[actor] + 1, batch);
                acknowledged[actor] += batch;
            });

            for (var actor = 0; actor < actors; actor++)
            {
                var recovered = await Wait.UntilSucceedsAsync(() => client.RecoverAsync($"{_id}-{actor}"));
                Assert.True(
                    recovered.Highest >= acknowledged[actor],
                    $"lost: {acknowledged[actor]} was acknowledged, {recovered.Highest} is stored");
                recovered.SequenceNrs.Should(Enumerable.Range(1, (int)recovered.Highest).Select(n => (long)n));
                (recovered.Highest % batch).Should(0);
                acknowledged[actor] = recovered.Highest;
            }
        }
    }

    [ServerFact]
    public async Task Should_keep_a_snapshot_when_the_server_is_killed_while_it_is_replaced()
    {
        const int Ids = 40;
        await using var client = new JournalClient(Plugins.On(server));
        for (var round = 1; round <= 3; round++)
        {
            var acknowledged = new int[Ids];
            await KillDuringWritesAsync(Ids, async id =>
            {
                await client.SaveSnapshotAsync(new SnapshotMetadata($"{_id}-{id}", round, DateTime.UnixEpoch), acknowledged[id] + 1);
                acknowledged[id]++;
            });

            for (var id = 0; id < Ids; id++)
            {
                var kept = await Wait.UntilSucceedsAsync(() => client.LoadSnapshotAsync($"{_id}-{id}"));
                Assert.NotNull(kept);
                kept.Metadata.SequenceNr.Should(round);
                Assert.InRange(Convert.ToInt32(kept.Snapshot, CultureInfo.InvariantCulture), acknowledged[id], acknowledged[id] + 1);
            }
        }
    }

    /// <summary>Kills the server when the writers have written a few times each, and restarts it.</summary>
    private async Task KillDuringWritesAsync(int writers, Func<int, Task> write)
    {
        var enough = new TaskCompletionSource();
        var left = 5 * writers;
        var writing = Enumerable.Range(0, writers).Select(async writer =>
        {
            try
            {
                while (true)
                {
                    await write(writer);
                    if (Interlocked.Decrement(ref left) == 0) enough.SetResult();
                }
            }
            catch (Exception e) when (e is not WriteRejectedException)
            {
                return;
            }
        }).ToList();
        await Task.WhenAny(enough.Task, Task.WhenAll(writing));
        Assert.True(enough.Task.IsCompleted);

        await server.KillAsync();
        await Task.WhenAll(writing);
        await server.RestartAsync();
    }
}

public sealed class CrashOfRedisServerSpecs(RedisServer server) : CrashConformance(server), IClassFixture<RedisServer>;

public sealed class CrashOfGarnetSpecs(GarnetServer server) : CrashConformance(server), IClassFixture<GarnetServer>;
