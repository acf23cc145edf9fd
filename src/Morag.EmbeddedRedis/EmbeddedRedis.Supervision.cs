using System.Diagnostics;
using System.Globalization;

namespace Morag.EmbeddedRedis;

public sealed partial class EmbeddedRedis
{
    private static readonly TimeSpan MinRestartDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxRestartDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HealthyRun = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LogCheckInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxMeasureInterval = TimeSpan.FromSeconds(10);

    /// <summary>More than one: a pause of the whole machine makes the pending ping fail although the server is fine.</summary>
    private const int MaxMissedReplies = 3;

    private enum RunOutcome
    {
        Exited,
        Unresponsive,
        LogFull,
    }

    /// <summary>Restarts the server, on the same socket, when it has exited, stopped responding, or filled its log.</summary>
    private async Task SuperviseAsync()
    {
        var delay = MinRestartDelay;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var run = Stopwatch.StartNew();
                await EndRunAsync(await MonitorAsync().ConfigureAwait(false)).ConfigureAwait(false);
                server.Dispose();
                delay = await RestartAsync(run.Elapsed > HealthyRun ? MinRestartDelay : delay).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception unexpected)
            {
                // Without supervision the server would stay down after its next crash, so only a stop may end this loop.
                log($"Supervision of the embedded Redis server failed and will be retried: {Describe(unexpected)}");
                await Task.Delay(delay, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                delay = NextDelay(delay);
            }
        }
    }

    private static TimeSpan NextDelay(TimeSpan delay) => delay * 2 < MaxRestartDelay ? delay * 2 : MaxRestartDelay;

    private static string Describe(Exception unexpected) => $"{unexpected.GetType().Name}: {unexpected.Message.ReplaceLineEndings(" ")}";

    private async Task EndRunAsync(RunOutcome outcome)
    {
        switch (outcome)
        {
            case RunOutcome.Exited:
                log($"The embedded Redis server exited unexpectedly ({server.ExitDescription}); restarting it{server.OutputSuffix}");
                break;
            case RunOutcome.Unresponsive:
                log($"The embedded Redis server stopped responding; killing and restarting it{DiskOrOutputSuffix()}");
                server.Kill();
                await server.WaitForExitAsync(stopping.Token).ConfigureAwait(false);
                break;
            case RunOutcome.LogFull:
                log("The embedded Redis server's log reached its limit; restarting the server to replace the log with a checkpoint");
                await StopServerAsync().ConfigureAwait(false);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private string DiskOrOutputSuffix() => folder.FullDiskAdvice is { } advice ? $". {advice}" : server.OutputSuffix;

    /// <summary>Watches a running server until it has to be restarted.</summary>
    private async Task<RunOutcome> MonitorAsync()
    {
        var exited = server.WaitForExitAsync(stopping.Token);
        if (exited.IsCompletedSuccessfully)
        {
            return RunOutcome.Exited;
        }

        var maxLogBytes = folder.LogBytes() + logLimit;
        var measuredAt = -1L;
        var sinceMeasure = Stopwatch.StartNew();
        var sincePing = Stopwatch.StartNew();
        var missedReplies = 0;
        for (var logBytes = folder.LogBytes(); logBytes < maxLogBytes; logBytes = folder.LogBytes())
        {
            if (measuredAt < 0 || NeedsMeasuring(logBytes - measuredAt, sinceMeasure.Elapsed))
            {
                await MeasureDataAsync().ConfigureAwait(false);
                measuredAt = logBytes;
                sinceMeasure.Restart();
            }

            if (sincePing.Elapsed > pingInterval)
            {
                sincePing.Restart();
                missedReplies = await server.PingAsync(pingInterval, stopping.Token).ConfigureAwait(false) ? 0 : missedReplies + 1;
            }

            if (await Task.WhenAny(exited, Task.Delay(LogCheckInterval, stopping.Token)).ConfigureAwait(false) == exited)
            {
                await exited.ConfigureAwait(false);
                return RunOutcome.Exited;
            }

            if (missedReplies > MaxMissedReplies)
            {
                return RunOutcome.Unresponsive;
            }
        }

        return RunOutcome.LogFull;
    }

    /// <summary>
    /// Each measurement opens a connection, and the data grows only with the log. The server is therefore measured only after the log has
    /// grown by an eighth of the remaining room. Near the limit, writes too small to lengthen the log's files can still fill it.
    /// </summary>
    private bool NeedsMeasuring(long grown, TimeSpan sinceMeasure)
    {
        var isNear = dataBytes > dataLimit / 4 * 3;
        return isFull || grown > (dataLimit - dataBytes) / 8 || (isNear && (grown != 0 || sinceMeasure > MaxMeasureInterval));
    }

    private async Task MeasureDataAsync()
    {
        if (await server.DataBytesAsync(stopping.Token).ConfigureAwait(false) is not { } bytes)
        {
            return;
        }

        Interlocked.Exchange(ref dataBytes, bytes);
        if (bytes >= dataLimit == isFull)
        {
            return;
        }

        isFull = bytes >= dataLimit;
        log(string.Create(
            CultureInfo.InvariantCulture,
            $"The embedded Redis server {(isFull ? "is full" : "has room again")}: "
            + $"its data takes {bytes >> 20} MiB of memory, and the limit is {dataLimit >> 20} MiB"));
    }

    /// <summary>Retries until the server starts. Logs a failure only when its reason changes.</summary>
    private async Task<TimeSpan> RestartAsync(TimeSpan delay)
    {
        for (string? loggedReason = null; ;)
        {
            await Task.Delay(delay, stopping.Token).ConfigureAwait(false);
            delay = NextDelay(delay);
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
                    _ => $"Restarting the embedded Redis server failed and will be retried: {Describe(e)}",
                };
                if (reason != loggedReason)
                {
                    log(reason);
                    loggedReason = reason;
                }
            }
        }

        log("The embedded Redis server is running again");
        return delay;
    }
}
