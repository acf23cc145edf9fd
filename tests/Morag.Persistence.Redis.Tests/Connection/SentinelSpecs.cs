using Akka.Persistence;
using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Connection;

/// <summary>
/// Redis Sentinel: after the loss of the primary, writes fail until a replica is promoted, and then continue its history. Acknowledged and
/// replicated events are in it.
/// </summary>
public sealed class SentinelSpecs(RedisSentinels sentinels) : IClassFixture<RedisSentinels>, IAsyncLifetime
{
    private const int Actors = 20;
    private const int WritesInEachPhase = 10;

    private readonly string _id = $"id-{Guid.NewGuid():n}";
    private readonly JournalClient _client = new(Plugins.On(
        sentinels,
        "akka.persistence.journal.redis.circuit-breaker.max-failures = 1000000",
        connection: ",asyncTimeout=1500"));

    public Task InitializeAsync() => sentinels.InitializeAsync();

    public async Task DisposeAsync() => await _client.DisposeAsync();

    [ServerFact]
    public async Task Should_store_on_the_primary_when_sentinels_are_configured()
    {
        await _client.WriteAsync(_id, 1, 3);
        await _client.SaveSnapshotAsync(new SnapshotMetadata(_id, 3, DateTime.UnixEpoch), "state");

        (await _client.RecoverAsync(_id)).SequenceNrs.Should([1L, 2, 3]);
        (await _client.LoadSnapshotAsync(_id))!.Snapshot.Should("state");
        var (primary, _) = await sentinels.RolesAsync();
        (await StoredAsync(primary, _id)).Length.Should(3);
    }

    [ServerFact]
    public async Task Should_continue_without_loss_of_replicated_events_when_the_primary_is_killed()
    {
        var (primary, other) = await sentinels.RolesAsync();
        var writers = await WriteAndReplicateAsync(primary);

        await WriteThroughAsync(writers, primary.KillAsync, promoted: other);

        await ExpectOneHistoryAsync(writers);
        // The old primary returns as a replica of the new one, with the same history.
        await sentinels.InitializeAsync();
        await ExpectSameOnBothAsync(writers);
    }

    [ServerFact]
    public async Task Should_keep_one_history_when_a_frozen_primary_resumes_after_a_promotion()
    {
        var (primary, other) = await sentinels.RolesAsync();
        var writers = await WriteAndReplicateAsync(primary);

        await WriteThroughAsync(writers, primary.PauseAsync, promoted: other);
        await primary.ResumeAsync();

        foreach (var writer in writers)
            await writer.WriteAsync(WritesInEachPhase);
        (await sentinels.RolesAsync()).Primary.Should(other);
        await ExpectOneHistoryAsync(writers);
        await sentinels.InitializeAsync();
        await ExpectSameOnBothAsync(writers);
    }

    /// <summary>Creates writers with events that are on both servers.</summary>
    private async Task<EventWriter[]> WriteAndReplicateAsync(RedisServer primary)
    {
        var writers = Enumerable.Range(0, Actors).Select(n => new EventWriter(_client, $"{_id}-{n}")).ToArray();
        await Task.WhenAll(writers.Select(writer => writer.WriteAsync(WritesInEachPhase)));
        await using var redis = await primary.ConnectAsync();
        ((long)await redis.GetDatabase().ExecuteAsync("WAIT", 1, 5000)).Should(1);
        foreach (var writer in writers)
            writer.MarkReplicated();
        return writers;
    }

    /// <summary>Injects a fault into the primary during writes. Returns once each writer has written to the promoted server.</summary>
    private async Task WriteThroughAsync(EventWriter[] writers, Func<Task> fault, RedisServer promoted)
    {
        using var over = new CancellationTokenSource();
        var writing = writers.Select(writer => writer.WriteThroughFailureAsync(WritesInEachPhase, over.Token)).ToList();
        await Task.WhenAll(writers.Select(writer => writer.FirstWrite));
        await fault();
        await Wait.UntilSucceedsAsync(async () => (await sentinels.RolesAsync()).Primary.Should(promoted));
        await over.CancelAsync();
        await Task.WhenAll(writing);
        var failures = writers.SelectMany(writer => writer.Failures).ToList();
        Assert.NotEmpty(failures);
        Assert.All(
            failures,
            failure => Assert.True(failure is RedisException or TimeoutException or SequenceConflictException, failure.ToString()));
    }

    private async Task ExpectOneHistoryAsync(EventWriter[] writers)
    {
        foreach (var writer in writers)
            writer.Expect(await _client.RecoverAsync(writer.Id));
    }

    private async Task ExpectSameOnBothAsync(EventWriter[] writers)
    {
        var (primary, other) = await sentinels.RolesAsync();
        foreach (var writer in writers)
            (await StoredAsync(other, writer.Id)).Should(await StoredAsync(primary, writer.Id));
    }

    private static async Task<SortedSetEntry[]> StoredAsync(RedisServer server, string id)
    {
        await using var redis = await server.ConnectAsync();
        return await redis.GetDatabase().SortedSetRangeByScoreWithScoresAsync($"journal:persisted:{id}");
    }

    /// <summary>Writes one event after the other, like a persistent actor that is restarted when a write fails.</summary>
    private sealed class EventWriter(JournalClient client, string id)
    {
        private readonly SortedDictionary<long, string> _acknowledged = [];
        private readonly TaskCompletionSource _firstWrite = new();
        private long _replicated;
        private long _next = 1;

        public string Id => id;

        /// <summary>Completes at the first acknowledged write of <see cref="WriteThroughFailureAsync"/>.</summary>
        public Task FirstWrite => _firstWrite.Task;

        public List<Exception> Failures { get; } = [];

        public void MarkReplicated() => _replicated = _next - 1;

        public async Task WriteAsync(int count)
        {
            for (var n = 0; n < count; n++)
            {
                var entry = Guid.NewGuid().ToString();
                await client.WriteAsync(id, _next, payload: entry);
                _acknowledged[_next++] = entry;
            }
        }

        /// <summary>
        /// Writes until a write fails or the fault is over (a write during the fault may simply wait for the next primary), and then
        /// recovers and writes the given number of events.
        /// </summary>
        public async Task WriteThroughFailureAsync(int count, CancellationToken over)
        {
            try
            {
                while (!over.IsCancellationRequested)
                {
                    await WriteAsync(1);
                    _firstWrite.TrySetResult();
                }
            }
            catch (Exception e) when (e is not WriteRejectedException)
            {
                Failures.Add(e);
            }

            await Wait.UntilSucceedsAsync(async () =>
            {
                var recovered = await client.RecoverAsync(id);
                Assert.InRange(recovered.Highest, _replicated, _next);
                // Only events that were acknowledged but not yet replicated may be lost.
                foreach (var lost in _acknowledged.Keys.Where(sequenceNr => sequenceNr > recovered.Highest).ToList())
                    _acknowledged.Remove(lost);
                Expect(recovered);
                _next = recovered.Highest + 1;
                await WriteAsync(count);
            });
        }

        /// <summary>Expects each number once, and every acknowledged event.</summary>
        public void Expect(JournalClient.RecoveredHistory recovered)
        {
            recovered.SequenceNrs.Should(Enumerable.Range(1, (int)recovered.Highest).Select(n => (long)n));
            foreach (var (sequenceNr, entry) in _acknowledged)
                recovered.Events[(int)sequenceNr - 1].Payload.Should(entry);
        }
    }
}
