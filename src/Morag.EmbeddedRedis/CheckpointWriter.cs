namespace Morag.EmbeddedRedis;

/// <summary>
/// The checkpoint that a server writes before it lets clients in. It may be gigabytes on a slow disk, so the wait ends not after a fixed
/// time, but once the files have not changed for a long one.
/// </summary>
internal sealed class CheckpointWriter(AdminClient starter, DataFolder folder, Action<string> log, TimeProvider time)
{
    /// <summary>How long the files may stay as they are: longer than a slow disk takes to flush what it has been sent.</summary>
    public static readonly TimeSpan LongestStandstill = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan NewsInterval = TimeSpan.FromSeconds(15);

    /// <summary>Has the server write the checkpoint; its reply, or null when there was none because the server has ended.</summary>
    /// <exception cref="EmbeddedRedisException">The files have not changed for <see cref="LongestStandstill"/>.</exception>
    public async Task<string?> SaveAsync(CancellationToken cancellation)
    {
        using var givenUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var written = folder.CheckpointProgress();
        var (changedAt, newsAt) = (time.GetTimestamp(), time.GetTimestamp());
        var reply = starter.AskAsync(["SAVE"], Timeout.InfiniteTimeSpan, givenUp.Token);
        while (await Task.WhenAny(reply, Task.Delay(PollInterval, cancellation)).ConfigureAwait(false) != reply)
        {
            cancellation.ThrowIfCancellationRequested();
            var now = time.GetTimestamp();
            if (folder.CheckpointProgress() is var progress && progress != written)
            {
                (written, changedAt) = (progress, now);
            }

            if (time.GetElapsedTime(changedAt, now) > LongestStandstill)
            {
                await givenUp.CancelAsync().ConfigureAwait(false);
                await ((Task)reply).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw Standstill();
            }

            if (time.GetElapsedTime(newsAt, now) > NewsInterval)
            {
                log("The embedded Redis server is still writing its checkpoint");
                newsAt = now;
            }
        }

        return await reply.ConfigureAwait(false);
    }

    private EmbeddedRedisException Standstill() => new(
        $"The embedded Redis server cannot start: for {LongestStandstill.TotalMinutes:0} minutes it has written nothing of the checkpoint of its data in {folder.Data}. "
        + "No data is lost. Check the disk of this folder (a failing disk, or a network drive that does not respond), then start again.");
}
