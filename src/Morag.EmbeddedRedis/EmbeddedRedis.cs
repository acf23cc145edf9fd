using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Morag.EmbeddedRedis;

/// <summary>
/// A Redis server that this process runs for itself: Garnet as a child process, with its data in a folder. What it
/// acknowledged survives kill -9 of either process, and the child never outlives this one.
/// </summary>
/// <remarks>
/// When its log has grown by <see cref="EmbeddedRedisOptions.LogLimit"/>, the server is started again, because a checkpoint takes
/// the place of the log at each start. Clients have to do without FLUSHALL: Garnet 2.2 forgets it at a recovery.
/// Clients reach it through a Unix socket in a folder that only this user can enter. So no other program can take its address,
/// answer in its place while it is away, or be sent its password by mistake; and programs of the same user, which could, can
/// read the memory of this process anyway.
/// </remarks>
public sealed class EmbeddedRedis : IAsyncDisposable
{
    private static readonly TimeSpan FirstRestartDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRestartDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HealthyRun = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LogCheckInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWithoutLook = TimeSpan.FromSeconds(10);

    /// <summary>Tolerates missed replies: if both processes were paused, the pending ping fails although the server is fine.</summary>
    private const int UnansweredAtMost = 3;

    private readonly DataFolder folder;
    private readonly string password;
    private readonly long logLimit;
    private readonly long dataLimit;
    private readonly TimeSpan askInterval;
    private readonly string acceptOption;
    private readonly Action<string> log;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task supervision;
    private volatile GarnetProcess server;
    private volatile bool isFull;
    private long dataBytes;
    private int stopped;

    private EmbeddedRedis(DataFolder folder, string password, EmbeddedRedisOptions options, GarnetProcess server)
    {
        AcceptedDataLoss = server.AcceptedDataLoss;
        this.folder = folder;
        this.password = password;
        logLimit = options.LogLimit;
        dataLimit = options.DataLimit;
        askInterval = options.AskInterval;
        acceptOption = options.AcceptDataLossOption;
        log = options.Log;
        this.server = server;
        supervision = SuperviseAsync();
    }

    /// <summary>Path of the Unix socket. It stays the same while this object lives, also when the server is started again.</summary>
    public string SocketPath => folder.Socket.Path;

    /// <summary>For StackExchange.Redis. Holds a password that is new for each start: treat it as a secret.</summary>
    public string ConnectionString => $"!{SocketPath},password={password},abortConnect=false";

    /// <summary>Whether it was started on what was left of its data, because <see cref="EmbeddedRedisOptions.AcceptDataLoss"/> says so.</summary>
    public bool AcceptedDataLoss { get; }

    /// <summary>
    /// Whether the data takes <see cref="EmbeddedRedisOptions.DataLimit"/> or more, as of the last look at it: every second while it is full, and once much was written otherwise. Whoever writes should then take
    /// nothing new in; the memory that is left is for what has been taken in already.
    /// </summary>
    public bool IsFull => isFull;

    internal int ServerProcessId => server.Id;

    /// <summary>Takes the folder, starts the server, and returns once it serves.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The limit of the log is not more than 0, or the memory is less than <see cref="EmbeddedRedisOptions.LeastMemory"/>.
    /// </exception>
    /// <exception cref="DataLossException">Files of the data are missing or damaged.</exception>
    /// <exception cref="EmbeddedRedisException">
    /// The folder is in use or not writable, the server's package is missing, or the server ended while it started.
    /// </exception>
    public static async Task<EmbeddedRedis> StartAsync(EmbeddedRedisOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.LogLimit);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Memory, EmbeddedRedisOptions.LeastMemory);
        var folder = await DataFolder.OpenAsync(options.DataFolder, options.Log, cancellation).ConfigureAwait(false);
        try
        {
            var password = NewPassword();
            var server = await GarnetProcess.StartAsync(folder, password, options.Log, cancellation, options.AcceptDataLoss)
                .ConfigureAwait(false);
            return new EmbeddedRedis(folder, password, options, server);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Ends the server and gives the folder back. All that was acknowledged is on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref stopped, 1) == 1)
        {
            return;
        }

        await stopping.CancelAsync().ConfigureAwait(false);
        try
        {
            await supervision.ConfigureAwait(false);
            await StopServerAsync().ConfigureAwait(false);
        }
        finally
        {
            server.Dispose();
            folder.Dispose();
            stopping.Dispose();
        }
    }

    /// <summary>Writes down how far the log goes, so that the next start notices what is missing from it, and stops the server.</summary>
    private async Task StopServerAsync()
    {
        try
        {
            if (await server.CommittedLogEndAsync(CancellationToken.None).ConfigureAwait(false) is { } end)
            {
                new DataInventory(folder).Committed(end);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DataLossException)
        {
            log($"Noting the end of the embedded Redis server's log failed, so the next start may miss damage to it: {e.Message}");
        }

        await server.StopAsync().ConfigureAwait(false);
    }

    internal static string NewPassword() => RandomNumberGenerator.GetHexString(48, lowercase: true);

    /// <summary>
    /// Restarts a server that died, stopped responding, or whose log has grown: on the same socket, so that its clients only have to
    /// reconnect.
    /// </summary>
    private async Task SuperviseAsync()
    {
        var delay = FirstRestartDelay;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var run = Stopwatch.StartNew();
                await EndAsync(await RunUntilAsync().ConfigureAwait(false)).ConfigureAwait(false);
                server.Dispose();
                delay = await StartAgainAsync(run.Elapsed > HealthyRun ? FirstRestartDelay : delay).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception unexpected)
            {
                // A server without supervision stays down once it dies, so nothing may end this loop but the stop.
                log($"Watching the embedded Redis server failed and is retried: {Describe(unexpected)}");
                await Task.Delay(delay, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                delay = Longer(delay);
            }
        }
    }

    private static TimeSpan Longer(TimeSpan delay) => delay * 2 < LongestRestartDelay ? delay * 2 : LongestRestartDelay;

    private static string Describe(Exception unexpected) => $"{unexpected.GetType().Name}: {unexpected.Message.ReplaceLineEndings(" ")}";

    private enum RunEnd
    {
        Died,
        DoesNotAnswer,
        LogIsFull,
    }

    private async Task EndAsync(RunEnd end)
    {
        switch (end)
        {
            case RunEnd.Died:
                log($"The embedded Redis server ended unexpectedly ({server.HowItEnded}) and is started again{server.AndSaid}");
                break;
            case RunEnd.DoesNotAnswer:
                log($"The embedded Redis server stopped responding; killing and restarting it{AndWhyFull()}");
                server.Kill();
                await server.EndedAsync(stopping.Token).ConfigureAwait(false);
                break;
            case RunEnd.LogIsFull:
                log("The embedded Redis server is started again, so that a checkpoint takes the place of its log");
                await StopServerAsync().ConfigureAwait(false);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private string AndWhyFull() => folder.FullDisk is { } full ? $". {full}" : server.AndSaid;

    private async Task<RunEnd> RunUntilAsync()
    {
        var ended = server.EndedAsync(stopping.Token);
        if (ended.IsCompletedSuccessfully)
        {
            return RunEnd.Died;
        }

        var full = folder.LogBytes() + logLimit;
        var lookedAt = -1L;
        var sinceLook = Stopwatch.StartNew();
        var sinceQuestion = Stopwatch.StartNew();
        var unanswered = 0;
        for (var logged = folder.LogBytes(); logged < full; logged = folder.LogBytes())
        {
            if (lookedAt < 0 || MayBeFull(logged - lookedAt, sinceLook.Elapsed))
            {
                await LookAtMemoryAsync().ConfigureAwait(false);
                lookedAt = logged;
                sinceLook.Restart();
            }

            if (sinceQuestion.Elapsed > askInterval)
            {
                sinceQuestion.Restart();
                unanswered = await server.AnswersAsync(askInterval, stopping.Token).ConfigureAwait(false) ? 0 : unanswered + 1;
            }

            if (await Task.WhenAny(ended, Task.Delay(LogCheckInterval, stopping.Token)).ConfigureAwait(false) == ended)
            {
                await ended.ConfigureAwait(false);
                return RunEnd.Died;
            }

            if (unanswered > UnansweredAtMost)
            {
                return RunEnd.DoesNotAnswer;
            }
        }

        return RunEnd.LogIsFull;
    }

    /// <summary>
    /// Data grows only with the log, so the server is asked once the log has grown by a part of the room that is left, and seldom while
    /// there is much room. Each question is a connection of its own. Near the limit a few writes may not make the log's files longer.
    /// </summary>
    private bool MayBeFull(long grown, TimeSpan sinceLook)
    {
        var isNear = dataBytes > dataLimit / 4 * 3;
        return isFull || grown > (dataLimit - dataBytes) / 8 || (isNear && (grown != 0 || sinceLook > LongestWithoutLook));
    }

    private async Task LookAtMemoryAsync()
    {
        if (await server.DataBytesAsync(stopping.Token).ConfigureAwait(false) is not { } bytes)
        {
            return;
        }

        dataBytes = bytes;
        if (bytes >= dataLimit == isFull)
        {
            return;
        }

        isFull = bytes >= dataLimit;
        log(string.Create(
            CultureInfo.InvariantCulture,
            $"The embedded Redis server {(isFull ? "is full" : "has room again")}: its data takes {bytes >> 20} MiB of memory, and the limit is {dataLimit >> 20} MiB"));
    }

    /// <summary>Retries until the server starts. Logs a failure only when its reason changes.</summary>
    private async Task<TimeSpan> StartAgainAsync(TimeSpan delay)
    {
        for (string? said = null; ;)
        {
            await Task.Delay(delay, stopping.Token).ConfigureAwait(false);
            delay = Longer(delay);
            try
            {
                server = await GarnetProcess.StartAsync(folder, password, log, stopping.Token).ConfigureAwait(false);
                break;
            }
            catch (Exception e) when (e is not OperationCanceledException || !stopping.IsCancellationRequested)
            {
                var reason = e switch
                {
                    DataLossException loss => $"{loss.Message} {loss.Remedy(acceptOption)}",
                    EmbeddedRedisException => e.Message,
                    _ => $"Restarting the embedded Redis server failed and is retried: {Describe(e)}",
                };
                if (reason != said)
                {
                    log(reason);
                    said = reason;
                }
            }
        }

        log("The embedded Redis server runs again");
        return delay;
    }
}
