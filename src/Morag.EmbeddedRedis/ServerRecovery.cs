namespace Morag.EmbeddedRedis;

/// <summary>Waits while a server that has just started reads its data. The time limit grows with the amount of data.</summary>
internal sealed class ServerRecovery(AdminClient admin, DataFolder folder, Action<string> log, TimeProvider time)
{
    /// <summary>Time limit of a recovery without data.</summary>
    public static readonly TimeSpan BaseLimit = TimeSpan.FromMinutes(10);

    /// <summary>Data that adds a second to the time limit, in bytes: far less than a slow disk reads in a second.</summary>
    public const long BytesPerSecond = 4L << 20;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(15);

    /// <summary>Returns once the server replies.</summary>
    /// <param name="throwIfExited">Throws if the server has exited. Called after each ping without a reply.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="EmbeddedRedisException">The server does not reply within the time limit.</exception>
    public async Task WaitAsync(Func<Task> throwIfExited, CancellationToken cancellation)
    {
        var limit = BaseLimit + TimeSpan.FromSeconds((double)folder.StoredBytes() / BytesPerSecond);
        var start = time.GetTimestamp();
        var loggedAt = start;
        while (await admin.SendAsync(["PING"], AdminClient.ReplyTimeout, cancellation).ConfigureAwait(false) != "+PONG")
        {
            await throwIfExited().ConfigureAwait(false);
            if (time.GetElapsedTime(start) > limit)
            {
                throw new EmbeddedRedisException(
                    $"The embedded Redis server cannot start: after {limit.TotalMinutes:0} minutes it is still reading the data in "
                    + $"{folder.Data}. No data is lost. Check the disk of this folder (a failing disk, or a network drive that does not "
                    + "respond), then start again.");
            }

            if (time.GetElapsedTime(loggedAt) > ProgressInterval)
            {
                log("The embedded Redis server is still reading its data");
                loggedAt = time.GetTimestamp();
            }

            await Task.Delay(PollInterval, cancellation).ConfigureAwait(false);
        }
    }
}
