using System.Diagnostics;
using System.Globalization;

namespace Morag.EmbeddedRedis;

internal sealed partial class GarnetProcess
{
    /// <summary>Longer than usual: no client waits for these replies, and the machine may be busy with many starts.</summary>
    private static readonly TimeSpan StartReplyTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Starts the server, and returns once it has recovered its data and accepts clients that know the password.</summary>
    /// <exception cref="DataLossException">Some of the data is missing, or the server did not read its whole log.</exception>
    /// <exception cref="EmbeddedRedisException">
    /// The server exited or stood still before it accepted clients, or the data folder is not writable.
    /// </exception>
    public static async Task<GarnetProcess> StartAsync(
        DataFolder folder, string password, Action<string> log, CancellationToken cancellation, string? acceptDataLoss = null)
    {
        try
        {
            return await StartOnceAsync(folder, password, log, acceptDataLoss, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or (EmbeddedRedisException and not DataLossException))
        {
            if (folder.FullDiskAdvice is { } advice)
            {
                throw new EmbeddedRedisException($"The embedded Redis server cannot start. {advice} The start failed with: {e.Message}", e);
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
        var inventory = new DataInventory(folder);
        var acceptedLoss = inventory.VerifyUnlessAccepted(acceptDataLoss, log);
        var verifier = new LogVerifier(folder, inventory, acceptDataLoss, log);
        var logEnd = verifier.PrepareForStart();
        var admin = new AdminClient(folder.Socket.Path, EmbeddedRedis.NewPassword());
        WriteUsers(folder, admin);
        var garnet = new GarnetProcess(new Process { StartInfo = CreateStartInfo(folder) }, admin);
        try
        {
            garnet.process.Start();
            garnet.process.BeginOutputReadLine();
            garnet.process.BeginErrorReadLine();
            await new ServerRecovery(admin, folder, log, TimeProvider.System)
                .WaitAsync(() => garnet.ThrowIfExitedAsync(cancellation), cancellation)
                .ConfigureAwait(false);
            var recovered = await garnet.RequireLogEndAsync(cancellation).ConfigureAwait(false);
            if (logEnd is { } end && end != recovered)
            {
                await garnet.StopAsync().ConfigureAwait(false);
                verifier.AcceptIncompleteRecovery(recovered, end);
                var restarted = await StartOnceAsync(folder, password, log, acceptDataLoss, cancellation).ConfigureAwait(false);
                restarted.AcceptedDataLoss = true;
                garnet.Dispose();
                return restarted;
            }

            garnet.AcceptedDataLoss = acceptedLoss || verifier.AcceptedLoss;
            await garnet.ReplaceLogAsync(folder, inventory, recovered, log, cancellation).ConfigureAwait(false);
            await garnet.AdmitClientsAsync(password, cancellation).ConfigureAwait(false);
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
            // It contains a password, and the server has read it.
            File.Delete(folder.ServerUsers);
        }
    }

    /// <summary>
    /// Replaces the log with a checkpoint. The log of a server that was killed within a transaction ends with the beginning of one. If
    /// clients wrote behind it, the next recovery would treat a connection with the same number as its continuation: it would drop the
    /// single writes of that connection and fail at its next transaction.
    /// No client is connected yet, because a checkpoint of data that clients are changing can be unreadable.
    /// </summary>
    private async Task ReplaceLogAsync(
        DataFolder folder, DataInventory inventory, long recovered, Action<string> log, CancellationToken cancellation)
    {
        inventory.BeginCheckpoint(recovered);
        var checkpoint = new CheckpointWriter(admin, folder, log, TimeProvider.System).WriteAsync(cancellation);
        await RequireOkAsync("SAVE", checkpoint, cancellation).ConfigureAwait(false);
        inventory.CompleteCheckpoint(recovered, await RequireLogEndAsync(cancellation).ConfigureAwait(false));
    }

    private Task AdmitClientsAsync(string password, CancellationToken cancellation) => RequireOkAsync(
        "ACL",
        admin.SendAsync(["ACL", "SETUSER", "default", "on", $">{password}", "+@all"], StartReplyTimeout, cancellation),
        cancellation);

    /// <summary>
    /// Returns the address up to which the server has read or written its log. Called before the checkpoint replaces the log: afterwards
    /// a recovery that ended early looks like a complete one.
    /// </summary>
    private async Task<long> RequireLogEndAsync(CancellationToken cancellation)
    {
        if (await ReadLogEndAsync(StartReplyTimeout, cancellation).ConfigureAwait(false) is { } end)
        {
            return end;
        }

        await ThrowIfExitedAsync(cancellation).ConfigureAwait(false);
        throw new EmbeddedRedisException($"The embedded Redis server does not report how much of its log it has read{OutputSuffix}");
    }

    private async Task RequireOkAsync(string command, Task<string?> sent, CancellationToken cancellation)
    {
        var reply = await sent.ConfigureAwait(false);
        if (reply != "+OK")
        {
            await ThrowIfExitedAsync(cancellation).ConfigureAwait(false);
            throw new EmbeddedRedisException(
                $"The embedded Redis server failed at {command} while it started ({reply ?? "no reply"}){OutputSuffix}");
        }
    }

    private async Task ThrowIfExitedAsync(CancellationToken cancellation)
    {
        if (process.HasExited)
        {
            // Returns only after the output has been read completely.
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            throw new EmbeddedRedisException($"The embedded Redis server exited while it started ({ExitDescription}){OutputSuffix}");
        }
    }

    /// <summary>Writes the users to a file, because any user of the machine can read a command line.</summary>
    private static void WriteUsers(DataFolder folder, AdminClient admin)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        // A file that exists keeps its permissions, so one that a crash left is deleted first.
        File.Delete(folder.ServerUsers);
        using var file = new StreamWriter(folder.ServerUsers, options);
        file.Write(admin.AclUsers);
    }

    private static ProcessStartInfo CreateStartInfo(DataFolder folder)
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
                // Garnet always listens on a port as well. No client knows it, so none can send anything to its next owner.
                "--bind", "127.0.0.1", "--port", "0",
                // A reply is sent only after its log entry is on disk.
                "--aof", "--aof-commit-freq", "0", "--aof-commit-wait",
                "--aof-page-size", string.Create(CultureInfo.InvariantCulture, $"{LogFormat.PageMebibytes}m"),
                "--checkpointdir", folder.Data, "--recover",
                // Size of a log file. The server deletes a file once a checkpoint covers it.
                "--aof-segment-size", string.Create(CultureInfo.InvariantCulture, $"{LogFormat.SegmentMebibytes}m"),
                // More than any machine has. Beyond this setting the server silently drops its oldest data, acknowledged or not (with its
                // storage tier, Garnet 2.2.8 fails at the first large object). EmbeddedRedis.IsFull keeps the data within memory instead.
                "--memory", "1024g",
                // Enough for more than four million keys. A checkpoint writes the whole index.
                "--index", "16m",
                // Otherwise the server would start with the intact part of damaged data and hide the loss.
                "--fail-on-recovery-error",
                // The default device needs a native library that many machines lack.
                "--device-type", "RandomAccess",
                // Without the transaction mode, scripts of two connections interleave, and two writers of one id both succeed.
                "--lua", "--lua-transaction-mode",
                "-q",
            },
        };

        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
        start.Environment[StartupHook.LockFileVariable] = folder.ServerLock;
        start.Environment[StartupHook.ProcessIdFileVariable] = folder.ServerProcessId;
        // The process ends by a kill, which would leave the sockets of its diagnostic port in the temporary folder.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return start;
    }
}
