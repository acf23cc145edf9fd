using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Journal;

/// <summary>The server is killed with -9 in the middle of writes, and started again on its data.</summary>
public abstract class CrashConformance(RedisTestServer server)
{
    [ServerTheory]
    [InlineData(1, 40)]
    [InlineData(10, 40)]
    [InlineData(10_000, 4)]
    public async Task Should_keep_what_was_acknowledged_and_batches_whole(int batch, int actors)
    {
        await server.FlushAsync();
        await using var client = new JournalClient(Plugins.On(server));
        for (var round = 1; round <= 3; round++)
        {
            var acknowledged = new long[actors];
            var enough = new TaskCompletionSource();
            var left = 5 * actors;
            var writers = Enumerable.Range(0, actors).Select(async actor =>
            {
                var next = (await client.RecoverAsync($"id-{actor}")).Highest + 1;
                try
                {
                    while (true)
                    {
                        acknowledged[actor] = next - 1;
                        await client.WriteAsync($"id-{actor}", next, batch);
                        next += batch;
                        if (Interlocked.Decrement(ref left) == 0) enough.SetResult();
                    }
                }
                catch (Exception e) when (e is not WriteRejectedException)
                {
                    return;
                }
            }).ToList();
            await Task.WhenAny(enough.Task, Task.WhenAll(writers));
            Assert.True(enough.Task.IsCompleted);

            await server.KillAsync();
            await Task.WhenAll(writers);
            await server.RestartAsync();

            for (var actor = 0; actor < actors; actor++)
            {
                var recovered = await RecoverWhenConnectedAsync(client, $"id-{actor}");
                Assert.True(recovered.Highest >= acknowledged[actor], $"lost: {acknowledged[actor]} was acknowledged, {recovered.Highest} is there");
                recovered.SequenceNrs.Should(Enumerable.Range(1, (int)recovered.Highest).Select(n => (long)n));
                (recovered.Highest % batch).Should(0);
            }
        }
    }

    private static async Task<JournalClient.Recovered> RecoverWhenConnectedAsync(JournalClient client, string id)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await client.RecoverAsync(id);
            }
            catch (Exception) when (attempt < 100)
            {
                // The circuit breaker of the journal is still open: it has to close by itself.
                await Task.Delay(200);
            }
        }
    }
}

public sealed class CrashOfRedisServerSpecs(RedisServer server) : CrashConformance(server), IClassFixture<RedisServer>;

public sealed class CrashOfGarnetSpecs(GarnetServer server) : CrashConformance(server), IClassFixture<GarnetServer>;
