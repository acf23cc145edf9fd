namespace Morag.EmbeddedRedis;

/// <summary>
/// Writes the checkpoint that replaces the log before clients are admitted. A checkpoint can be gigabytes on a slow disk, so the wait has
/// no fixed time limit: it ends when the files have not changed for <see cref="MaxStandstill"/>.
/// </summary>
internal sealed class CheckpointWriter(AdminClient admin, DataFolder folder, Action<string> log, TimeProvider time)
{
    /// <summary>How long the files may stay unchanged: longer than a slow disk takes to flush its buffers.</summary>
    public static readonly TimeSpan MaxStandstill = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(15);

    /// <summary>Returns the server's reply once the checkpoint is written, or null if the server has exited without a reply.</summary>
    /// <exception cref="EmbeddedRedisException">The files have not changed for <see cref="MaxStandstill"/>.</exception>
    public async Task<string?> WriteAsync(CancellationToken cancellation)
    {
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var written = folder.CheckpointProgress();
        var (changedAt, loggedAt) = (time.GetTimestamp(), time.GetTimestamp());
        var reply = admin.SendAsync(["SAVE"], Timeout.InfiniteTimeSpan, abandoned.Token);
        while (await Task.WhenAny(reply, Task.Delay(PollInterval, cancellation)).ConfigureAwait(false) != reply)
        {
            cancellation.ThrowIfCancellationRequested();
            var now = time.GetTimestamp();
            if (folder.CheckpointProgress() is var progress && progress != written)
            {
                (written, changedAt) = (progress, now);
            }

            if (time.GetElapsedTime(changedAt, now) > MaxStandstill)
            {
                await abandoned.CancelAsync().ConfigureAwait(false);
                await ((Task)reply).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw new EmbeddedRedisException(
                    $"The embedded Redis server cannot start: it has written nothing to the checkpoint in {folder.Data} for "
                    + $"{MaxStandstill.TotalMinutes:0} minutes. No data is lost. Check the disk of this folder (a failing disk, or a "
                    + "network drive that does not respond), then start again.");
            }

            if (time.GetElapsedTime(loggedAt, now) > ProgressInterval)
            {
                log("The embedded Redis server is still writing its checkpoint");
                loggedAt = now;
            }
        }

        return await reply.ConfigureAwait(false);
    }
}
