using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>How long a start waits for a server that does not reply. No server listens on the socket here.</summary>
public sealed class ServerRecoverySpecs : IAsyncLifetime
{
    private readonly string path = Directory.CreateTempSubdirectory("morag-recovery-").FullName;
    private readonly ConcurrentQueue<string> log = [];
    private readonly FakeTimeProvider time = new();
    private DataFolder folder = null!;
    private int pings;

    public async Task InitializeAsync() => folder = await DataFolder.OpenAsync(path, log.Enqueue, CancellationToken.None);

    public Task DisposeAsync()
    {
        folder.Dispose();
        Directory.Delete(path, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Should_say_what_to_do_when_the_server_does_not_reply_within_the_limit()
    {
        var waiting = WaitAsync();
        await AdvanceAsync(ServerRecovery.BaseLimit - TimeSpan.FromSeconds(1));
        Assert.False(waiting.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(2));

        var refusal = await Assert.ThrowsAsync<EmbeddedRedisException>(() => waiting);
        Assert.Contains($"after 10 minutes it is still reading the data in {folder.Data}", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.Contains("still reading its data", Assert.Single(log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_wait_longer_when_there_is_more_data()
    {
        const int ExtraSeconds = 60;
        Directory.CreateDirectory(folder.Log);
        await using (var segment = File.Create(folder.LogSegment(0)))
        {
            segment.SetLength(ExtraSeconds * ServerRecovery.BytesPerSecond);
        }

        var waiting = WaitAsync();
        await AdvanceAsync(ServerRecovery.BaseLimit + TimeSpan.FromSeconds(ExtraSeconds - 1));
        Assert.False(waiting.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(2));

        await Assert.ThrowsAsync<EmbeddedRedisException>(() => waiting);
    }

    [Fact]
    public async Task Should_end_the_wait_when_the_server_has_exited()
    {
        var recovery = new ServerRecovery(new AdminClient(folder.Socket.Path, "secret"), folder, log.Enqueue, time);

        await Assert.ThrowsAsync<EmbeddedRedisException>(() => recovery.WaitAsync(ThrowExited, CancellationToken.None));

        static Task ThrowExited() => throw new EmbeddedRedisException("exited");
    }

    private Task WaitAsync() => new ServerRecovery(new AdminClient(folder.Socket.Path, "secret"), folder, log.Enqueue, time)
        .WaitAsync(CountPing, CancellationToken.None);

    private Task CountPing()
    {
        Interlocked.Increment(ref pings);
        return Task.CompletedTask;
    }

    /// <summary>Advances the clock between two pings, and returns after the wait has seen the new time.</summary>
    private async Task AdvanceAsync(TimeSpan duration)
    {
        await Wait.UntilAsync(() => Volatile.Read(ref pings) > 0, "the first ping");
        time.Advance(duration);
        var seen = Volatile.Read(ref pings) + 2;
        await Wait.UntilAsync(() => Volatile.Read(ref pings) > seen, "pings after the clock has advanced");
    }
}
