using System.Security.Cryptography;

namespace Morag.EmbeddedRedis;

/// <summary>
/// A Redis server that belongs to this process: Garnet as a child process, with its data in a folder. An acknowledged write survives
/// kill -9 of either process, and the child never outlives this process.
/// </summary>
/// <remarks>
/// The server restarts when its log has grown by <see cref="EmbeddedRedisOptions.LogLimit"/>, because each start replaces the log with a
/// checkpoint. Clients must not use FLUSHALL: after a recovery, Garnet 2.2 has the flushed keys again.
/// Clients connect through a Unix socket in a folder that only this user can enter. No other program can take over the address while the
/// server is down, or receive the password by mistake. A program of the same user could, but it can read this process's memory anyway.
/// </remarks>
public sealed partial class EmbeddedRedis : IAsyncDisposable
{
    private readonly DataFolder folder;
    private readonly string password;
    private readonly long logLimit;
    private readonly long dataLimit;
    private readonly TimeSpan pingInterval;
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
        pingInterval = options.PingInterval;
        acceptOption = options.AcceptDataLossOption;
        log = options.Log;
        this.server = server;
        supervision = SuperviseAsync();
    }

    /// <summary>Path of the Unix socket. It stays the same across restarts of the server.</summary>
    public string SocketPath => folder.Socket.Path;

    /// <summary>Connection string for StackExchange.Redis. It contains a password, new for each instance: keep it secret.</summary>
    public string ConnectionString => $"!{SocketPath},password={password},abortConnect=false";

    /// <summary>Whether the server started without some of its data, as <see cref="EmbeddedRedisOptions.AcceptDataLoss"/> allows.</summary>
    public bool AcceptedDataLoss { get; }

    /// <summary>
    /// Whether the data takes at least <see cref="EmbeddedRedisOptions.DataLimit"/> bytes. Writers should then accept no new work: the
    /// memory that is left is for the work they have already accepted. Measured every second while true, and otherwise after the log
    /// has grown by part of the remaining room.
    /// </summary>
    public bool IsFull => isFull;

    /// <summary>
    /// The data as a share of <see cref="EmbeddedRedisOptions.DataLimit"/>, at the last measurement; 0 before the first, above 1 if the
    /// data exceeds the limit.
    /// </summary>
    public double DataUse => (double)Interlocked.Read(ref dataBytes) / dataLimit;

    internal int ServerProcessId => server.Id;

    /// <summary>Locks the data folder and starts the server. Returns once clients can connect.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <see cref="EmbeddedRedisOptions.LogLimit"/> is not positive, or <see cref="EmbeddedRedisOptions.Memory"/> is less than
    /// <see cref="EmbeddedRedisOptions.LeastMemory"/>.
    /// </exception>
    /// <exception cref="DataLossException">Some of the data is missing or damaged.</exception>
    /// <exception cref="EmbeddedRedisException">
    /// The folder is in use or not writable, the server's package is missing, or the server did not complete its start.
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

    /// <summary>Stops the server and unlocks the data folder. Every acknowledged write is on disk.</summary>
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

    internal static string NewPassword() => RandomNumberGenerator.GetHexString(48, lowercase: true);

    /// <summary>Records where the log ends, which lets the next start detect a truncated log, and stops the server.</summary>
    private async Task StopServerAsync()
    {
        try
        {
            if (await server.CommittedLogEndAsync(CancellationToken.None).ConfigureAwait(false) is { } end)
            {
                new DataInventory(folder).RecordCommit(end);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DataLossException)
        {
            log($"Recording where the embedded Redis server's log ends failed, so the next start may miss damage to it: {e.Message}");
        }

        await server.StopAsync().ConfigureAwait(false);
    }
}
