using System.Diagnostics;
using System.Globalization;

namespace Morag.EmbeddedRedis;

/// <summary>One run of the Garnet server as a child process.</summary>
internal sealed class GarnetProcess : IDisposable
{
    private static readonly TimeSpan ReadyPollInterval = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan ReplyBound = TimeSpan.FromSeconds(2);

    /// <summary>No client waits for these replies, and the machine may be busy with many starts.</summary>
    private static readonly TimeSpan StartReplyBound = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SlowStart = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(10);
    private const int RememberedLines = 20;

    /// <summary>What .NET adds to the number of the signal that ended a process.</summary>
    private const int SignalExitCodes = 128;

    private const string DataBytesField = "store_mainlog_memory_size";
    private const string LogEndField = "CommittedUntilAddress";

    private readonly Process process;
    private readonly AdminClient starter;
    private readonly Queue<string> lastLines = new();

    private GarnetProcess(Process process, AdminClient starter)
    {
        this.process = process;
        this.starter = starter;
        process.OutputDataReceived += (_, line) => Remember(line.Data);
        process.ErrorDataReceived += (_, line) => Remember(line.Data);
    }

    public int Id => process.Id;

    /// <summary>The end of a message about the server: a colon and what it printed last, or nothing when it printed nothing.</summary>
    public string AndSaid
    {
        get
        {
            lock (lastLines)
            {
                return lastLines.Count == 0 ? "" : $": {string.Join(" | ", lastLines)}";
            }
        }
    }

    /// <summary>The signal or exit code of the server, which has ended.</summary>
    public string HowItEnded =>
        !OperatingSystem.IsWindows() && process.ExitCode > SignalExitCodes
            ? string.Create(CultureInfo.InvariantCulture, $"signal {process.ExitCode - SignalExitCodes}")
            : string.Create(CultureInfo.InvariantCulture, $"exit code {process.ExitCode}");

    /// <summary>
    /// Starts the server and waits, however long its recovery takes, until it serves those who know the password.
    /// </summary>
    /// <exception cref="DataLossException">Files of the data are missing, or the server did not read all of its log.</exception>
    /// <exception cref="EmbeddedRedisException">The server ended before it served, or the data folder cannot be written.</exception>
    public static async Task<GarnetProcess> StartAsync(
        DataFolder folder, string password, Action<string> log, CancellationToken cancellation, string? acceptDataLoss = null)
    {
        try
        {
            return await StartOnceAsync(folder, password, log, acceptDataLoss, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or (EmbeddedRedisException and not DataLossException))
        {
            if (folder.FullDisk is { } full)
            {
                throw new EmbeddedRedisException($"The embedded Redis server cannot start. {full} The start failed with: {e.Message}", e);
            }

            if (e is EmbeddedRedisException)
            {
                throw;
            }

            throw new EmbeddedRedisException($"The embedded Redis cannot use its data folder {folder.Path}: {e.Message}", e);
        }
    }

    private static async Task<GarnetProcess> StartOnceAsync(
        DataFolder folder, string password, Action<string> log, string? acceptDataLoss, CancellationToken cancellation)
    {
        var record = new DataInventory(folder);
        var acceptedLoss = record.AcceptLoss(acceptDataLoss, log);
        var check = new LogVerifier(folder, record, acceptDataLoss, log);
        var end = check.BeforeStart();
        var starter = new AdminClient(folder.Socket.Path, EmbeddedRedis.NewPassword());
        WriteUsers(folder, starter);
        var garnet = new GarnetProcess(new Process { StartInfo = Describe(folder) }, starter);
        try
        {
            garnet.process.Start();
            garnet.process.BeginOutputReadLine();
            garnet.process.BeginErrorReadLine();
            await garnet.RecoverAsync(log, cancellation).ConfigureAwait(false);
            var recovered = await garnet.LogEndAsync(cancellation).ConfigureAwait(false);
            if (end is { } logEnd && logEnd != recovered)
            {
                await garnet.StopAsync().ConfigureAwait(false);
                check.AfterIncompleteRead(recovered, logEnd);
                var again = await StartOnceAsync(folder, password, log, acceptDataLoss, cancellation).ConfigureAwait(false);
                again.AcceptedDataLoss = true;
                garnet.Dispose();
                return again;
            }

            garnet.AcceptedDataLoss = acceptedLoss || check.AcceptedLoss;

            // A server that was killed within a transaction has the beginning of one in its log. If clients wrote behind it,
            // the next recovery would take a connection of the same number to go on with it: it would drop that
            // connection's single writes, and fail at its next transaction. So a checkpoint takes the place of that log first.
            // Only here: a checkpoint of data that clients change meanwhile may be one that cannot be read.
            record.BeforeCheckpoint(recovered);
            await garnet.DoneAsync("SAVE", new CheckpointWriter(starter, folder, log, TimeProvider.System).SaveAsync(cancellation), cancellation).ConfigureAwait(false);
            record.AfterCheckpoint(recovered, await garnet.LogEndAsync(cancellation).ConfigureAwait(false));
            var letIn = starter.AskAsync(["ACL", "SETUSER", "default", "on", $">{password}", "+@all"], StartReplyBound, cancellation);
            await garnet.DoneAsync("ACL", letIn, cancellation).ConfigureAwait(false);
            return garnet;
        }
        catch
        {
            await garnet.StopAsync().ConfigureAwait(false);
            garnet.Dispose();
            throw;
        }
        finally
        {
            // It holds a password, and the server has read it.
            File.Delete(folder.ServerUsers);
        }
    }

    /// <summary>Whether a part of the data is missing, and the server goes on without it because that loss was accepted.</summary>
    public bool AcceptedDataLoss { get; private set; }

    /// <summary>The bytes that the data takes in the server's memory, or null when it does not say.</summary>
    public Task<long?> DataBytesAsync(CancellationToken cancellation) => InfoAsync("MEMORY", DataBytesField, ReplyBound, cancellation);

    /// <summary>Whether the server replies within the bound.</summary>
    public async Task<bool> AnswersAsync(TimeSpan bound, CancellationToken cancellation) =>
        await starter.AskAsync(["PING"], bound, cancellation).ConfigureAwait(false) is not null;

    /// <summary>The address up to which its log is committed, or null when it does not say.</summary>
    public Task<long?> CommittedLogEndAsync(CancellationToken cancellation) =>
        InfoAsync("PERSISTENCE", LogEndField, ReplyBound, cancellation);

    public Task EndedAsync(CancellationToken cancellation = default) => process.WaitForExitAsync(cancellation);

    /// <summary>Ends the server by closing the pipe that it lives by; by force if that does not help.</summary>
    public async Task StopAsync()
    {
        if (!HasStarted)
        {
            return;
        }

        process.StandardInput.Close();
        if (!await EndsWithinAsync(StopBound).ConfigureAwait(false))
        {
            Kill();
            // While a disk does not respond, not even that ends a process that waits for it. Its lock keeps the next server off the data.
            _ = await EndsWithinAsync(StopBound).ConfigureAwait(false);
        }
    }

    private async Task<bool> EndsWithinAsync(TimeSpan time)
    {
        using var bound = new CancellationTokenSource(time);
        try
        {
            await process.WaitForExitAsync(bound.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Ends the server at once, as a crash would.</summary>
    public void Kill() => process.Kill();

    public void Dispose() => process.Dispose();

    private bool HasStarted
    {
        get
        {
            try
            {
                return process.Id > 0;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }
    }

    private static void WriteUsers(DataFolder folder, AdminClient starter)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        // In a file, since any user of the machine may read a command line. One that a crash left may be readable.
        File.Delete(folder.ServerUsers);
        using var file = new StreamWriter(folder.ServerUsers, options);
        file.Write(starter.Users);
    }

    private static ProcessStartInfo Describe(DataFolder folder)
    {
        var start = new ProcessStartInfo(GarnetPackage.FindDotnetHost())
        {
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder.Data,
            ArgumentList =
            {
                GarnetPackage.FindServer(),
                "--auth", "ACL", "--acl-file", folder.ServerUsers,
                "--unixsocket", folder.Socket.Path,
                // It always listens on a port as well. Nobody is told which, so nothing is sent to whoever has it after this process.
                "--bind", "127.0.0.1", "--port", "0",
                // A reply is sent only once its log entry is on disk.
                "--aof", "--aof-commit-freq", "0", "--aof-commit-wait",
                "--aof-page-size", string.Create(CultureInfo.InvariantCulture, $"{LogReader.PageMebibytes}m"),
                "--checkpointdir", folder.Data, "--recover",
                // A log is in files of this size, which go once a checkpoint covers them.
                "--aof-segment-size", string.Create(CultureInfo.InvariantCulture, $"{LogTail.SegmentMebibytes}m"),
                // More than any machine has. Beyond its memory setting the server drops its oldest data without an error, also what it
                // acknowledged (and with its storage tier, Garnet 2.2.8 ends with an error at the first large object). EmbeddedRedis.IsFull
                // keeps the data within the machine's memory instead.
                "--memory", "1024g",
                // A checkpoint writes it whole. Enough for four million keys and more.
                "--index", "16m",
                // Serving what is left of broken data would look like a healthy start with tasks missing.
                "--fail-on-recovery-error",
                // The default device needs a native library that many machines lack.
                "--device-type", "RandomAccess",
                // Without the transaction mode, scripts of two connections mix, and two writers of one id both succeed.
                "--lua", "--lua-transaction-mode",
                "-q",
            },
        };

        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
        start.Environment[StartupHook.LockFileVariable] = folder.ServerLock;
        start.Environment[StartupHook.ProcessIdFileVariable] = folder.ServerProcessId;
        // The sockets of the diagnostic port would stay in the temporary folder, since the process ends by a kill.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return start;
    }

    private async Task RecoverAsync(Action<string> log, CancellationToken cancellation)
    {
        var sinceNews = Stopwatch.StartNew();
        while (await starter.AskAsync(["PING"], ReplyBound, cancellation).ConfigureAwait(false) != "+PONG")
        {
            await ThrowIfEndedAsync(cancellation).ConfigureAwait(false);
            if (sinceNews.Elapsed > SlowStart)
            {
                log("The embedded Redis server is still reading its data");
                sinceNews.Restart();
            }

            await Task.Delay(ReadyPollInterval, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The address up to which the server has read or written its log. Asked before the checkpoint, which takes the place of the log: a
    /// recovery that ended early looks like a healthy one otherwise.
    /// </summary>
    private async Task<long> LogEndAsync(CancellationToken cancellation)
    {
        if (await InfoAsync("PERSISTENCE", LogEndField, StartReplyBound, cancellation).ConfigureAwait(false) is { } end)
        {
            return end;
        }

        await ThrowIfEndedAsync(cancellation).ConfigureAwait(false);
        throw new EmbeddedRedisException($"The embedded Redis server does not say how much of its log it has read{AndSaid}");
    }

    private async Task<long?> InfoAsync(string section, string field, TimeSpan bound, CancellationToken cancellation)
    {
        var prefix = field + ":";
        var info = await starter.AskAsync(["INFO", section], bound, cancellation).ConfigureAwait(false);
        var line = info?.Split("\r\n").FirstOrDefault(line => line.StartsWith(prefix, StringComparison.Ordinal));
        return long.TryParse(line?[prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
    }

    private async Task DoneAsync(string command, Task<string?> asked, CancellationToken cancellation)
    {
        var reply = await asked.ConfigureAwait(false);
        if (reply != "+OK")
        {
            await ThrowIfEndedAsync(cancellation).ConfigureAwait(false);
            throw new EmbeddedRedisException($"The embedded Redis server failed at {command} while it started ({reply ?? "no reply"}){AndSaid}");
        }
    }

    private async Task ThrowIfEndedAsync(CancellationToken cancellation)
    {
        if (process.HasExited)
        {
            // Waits for the output to be read to its end, too.
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            throw new EmbeddedRedisException($"The embedded Redis server ended while it started ({HowItEnded}){AndSaid}");
        }
    }

    private void Remember(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        lock (lastLines)
        {
            lastLines.Enqueue(line.Trim());
            if (lastLines.Count > RememberedLines)
            {
                lastLines.Dequeue();
            }
        }
    }
}
