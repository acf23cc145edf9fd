using System.Diagnostics;
using System.Globalization;

namespace Morag.EmbeddedRedis;

/// <summary>One run of the Garnet server as a child process.</summary>
internal sealed partial class GarnetProcess : IDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);
    private const int RememberedLines = 20;

    /// <summary>.NET adds this to the number of the signal that ended a process.</summary>
    private const int SignalExitCodes = 128;

    private readonly Process process;
    private readonly AdminClient admin;
    private readonly Queue<string> lastLines = new();

    private GarnetProcess(Process process, AdminClient admin)
    {
        this.process = process;
        this.admin = admin;
        process.OutputDataReceived += (_, line) => Remember(line.Data);
        process.ErrorDataReceived += (_, line) => Remember(line.Data);
    }

    public int Id => process.Id;

    /// <summary>Ends a message about the server: a colon and the last lines of its output, or nothing if it has printed none.</summary>
    public string OutputSuffix
    {
        get
        {
            lock (lastLines)
            {
                return lastLines.Count == 0 ? "" : $": {string.Join(" | ", lastLines)}";
            }
        }
    }

    /// <summary>The signal or exit code of a server that has exited.</summary>
    public string ExitDescription =>
        !OperatingSystem.IsWindows() && process.ExitCode > SignalExitCodes
            ? string.Create(CultureInfo.InvariantCulture, $"signal {process.ExitCode - SignalExitCodes}")
            : string.Create(CultureInfo.InvariantCulture, $"exit code {process.ExitCode}");

    /// <summary>Whether the server runs without some of its data because that loss was accepted.</summary>
    public bool AcceptedDataLoss { get; private set; }

    /// <summary>How much memory the data takes, in bytes, or null if the server does not reply.</summary>
    public Task<long?> DataBytesAsync(CancellationToken cancellation) =>
        admin.ReadInfoAsync("MEMORY", "store_mainlog_memory_size", AdminClient.ReplyTimeout, cancellation);

    /// <summary>The address up to which the server's log is committed, or null if the server does not reply.</summary>
    public Task<long?> CommittedLogEndAsync(CancellationToken cancellation) => ReadLogEndAsync(AdminClient.ReplyTimeout, cancellation);

    /// <summary>Whether the server replies in time.</summary>
    public async Task<bool> PingAsync(TimeSpan timeout, CancellationToken cancellation) =>
        await admin.SendAsync(["PING"], timeout, cancellation).ConfigureAwait(false) is not null;

    public Task WaitForExitAsync(CancellationToken cancellation = default) => process.WaitForExitAsync(cancellation);

    /// <summary>Ends the server by closing the pipe that keeps it alive, or by force if that does not work.</summary>
    public async Task StopAsync()
    {
        if (!HasStarted)
        {
            return;
        }

        process.StandardInput.Close();
        if (!await ExitsWithinAsync(StopTimeout).ConfigureAwait(false))
        {
            Kill();
            // A kill does not end a process that waits for a disk. Its lock then keeps the next server off the data.
            _ = await ExitsWithinAsync(StopTimeout).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the server at once, as a crash would.</summary>
    public void Kill() => process.Kill();

    public void Dispose() => process.Dispose();

    private Task<long?> ReadLogEndAsync(TimeSpan timeout, CancellationToken cancellation) =>
        admin.ReadInfoAsync("PERSISTENCE", "CommittedUntilAddress", timeout, cancellation);

    private async Task<bool> ExitsWithinAsync(TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout);
        try
        {
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

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
