using System.Diagnostics;
using System.Globalization;

namespace Morag.EmbeddedRedis;

/// <summary>
/// The folder of one embedded Redis. Two locks guard it, both given back by the operating system however their holder
/// dies: one of the owner (this process), one of the server, which may outlive a killed owner for a moment.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private static readonly TimeSpan StaleServerGrace = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan KilledServerGrace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LockPollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>A start writes a checkpoint, which takes at least as much, in bytes.</summary>
    private const long LittleRoom = 16L << 20;

    private readonly FileStream ownerLock;

    private DataFolder(string path, FileStream ownerLock)
    {
        Path = path;
        this.ownerLock = ownerLock;
        Socket = ServerSocket.In(path);
    }

    public string Path { get; }

    public string Data => System.IO.Path.Combine(Path, "data");

    /// <summary>The server's log, and what it writes about it.</summary>
    public string Log => System.IO.Path.Combine(Data, "AOF");

    /// <summary>Where the server writes how far its log goes.</summary>
    public string LogCommits => System.IO.Path.Combine(Log, "log-commits");

    /// <summary>Where the part of the log is kept that an accepted loss leaves out.</summary>
    public string UnreadLog(string loss) => System.IO.Path.Combine(Path, $"unread-log-{loss}");

    /// <summary>Where the server is reached.</summary>
    public ServerSocket Socket { get; }

    public string ServerUsers => System.IO.Path.Combine(Path, "server.users");

    public string ServerLock => System.IO.Path.Combine(Path, "server.lock");

    public string ServerProcessId => System.IO.Path.Combine(Path, "server.pid");

    /// <summary>The files of the server's log and their numbers, in no order; without others beside them, such as copies.</summary>
    public IEnumerable<(int Number, string Path)> LogSegments()
    {
        const string Prefix = "aof.log.";
        if (!Directory.Exists(Log))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateFiles(Log, Prefix + "*"))
        {
            var end = System.IO.Path.GetFileName(path)[Prefix.Length..];
            if (int.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number.ToString(CultureInfo.InvariantCulture) == end)
            {
                yield return (number, path);
            }
        }
    }

    /// <summary>Size of the server's log; files that go meanwhile count for nothing.</summary>
    public long LogBytes() =>
        LogSegments().Select(static segment => new FileInfo(segment.Path)).Sum(static file => file.Exists ? file.Length : 0);

    /// <summary>The files of the server's checkpoints, in no order.</summary>
    public IEnumerable<FileInfo> CheckpointFiles()
    {
        var checkpoints = new DirectoryInfo(System.IO.Path.Combine(Data, "Store", "checkpoints"));
        return checkpoints.Exists ? checkpoints.EnumerateFiles("*", SearchOption.AllDirectories) : [];
    }

    /// <summary>Changes whenever the server writes to a checkpoint; files that go meanwhile count for nothing.</summary>
    public (long Bytes, DateTime WrittenAt) CheckpointProgress() => CheckpointFiles()
        .Where(static file => file.Exists)
        .Aggregate(
            (Bytes: 0L, WrittenAt: DateTime.MinValue),
            static (sum, file) => (sum.Bytes + file.Length, file.LastWriteTimeUtc > sum.WrittenAt ? file.LastWriteTimeUtc : sum.WrittenAt));

    /// <summary>A sentence for the operator when its disk is full or nearly so, or else null; also null when the system does not say.</summary>
    public string? FullDisk
    {
        get
        {
            try
            {
                var drive = new DriveInfo(Path);
                // Some network file systems report no sizes.
                return drive.TotalSize > 0 && drive.AvailableFreeSpace < LittleRoom
                    ? $"The disk of its data folder {Path} is full: make room for a checkpoint of all its data, "
                        + "or move the folder to a larger disk."
                    : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                return null;
            }
        }
    }

    /// <summary>Creates the folder, takes it for this process, and ends a server that a killed owner left.</summary>
    /// <exception cref="EmbeddedRedisException">Another process has the folder, or it cannot be written.</exception>
    public static async Task<DataFolder> OpenAsync(string path, Action<string> log, CancellationToken cancellation)
    {
        var folder = Take(System.IO.Path.GetFullPath(path));
        try
        {
            await folder.EndStaleServerAsync(log, cancellation).ConfigureAwait(false);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Socket.Dispose();
        ownerLock.Dispose();
    }

    private static DataFolder Take(string path)
    {
        FileStream? ownerLock = null;
        try
        {
            PrivateFolder.Create(path);
            ownerLock = TryLock(System.IO.Path.Combine(path, "owner.lock"))
                ?? throw new EmbeddedRedisException(
                    $"The data folder {path} is in use by another running process: stop that one, or choose another folder.");
            var folder = new DataFolder(path, ownerLock);
            Directory.CreateDirectory(folder.Data);
            return folder;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            ownerLock?.Dispose();
            throw new EmbeddedRedisException($"The data folder {path} cannot be used: {e.Message}", e);
        }
        catch (EmbeddedRedisException)
        {
            ownerLock?.Dispose();
            throw;
        }
    }

    private async Task EndStaleServerAsync(Action<string> log, CancellationToken cancellation)
    {
        if (await ServerLockIsFreeWithinAsync(StaleServerGrace, cancellation).ConfigureAwait(false))
        {
            return;
        }

        // Whoever holds the lock has written its process id, so this cannot be a stranger with a recycled number.
        var written = File.Exists(ServerProcessId) ? await File.ReadAllTextAsync(ServerProcessId, cancellation).ConfigureAwait(false) : "";
        if (!int.TryParse(written, NumberStyles.None, CultureInfo.InvariantCulture, out var processId))
        {
            throw new EmbeddedRedisException(
                $"A Redis server still holds the data folder {Path}, and {ServerProcessId} does not say which: "
                + $"end the process that has {ServerLock} open, then start again.");
        }

        log($"Ending the Redis server {processId} that an earlier process left on {Path}");
        try
        {
            using var stale = Process.GetProcessById(processId);
            stale.Kill();
        }
        catch (ArgumentException)
        {
            // It ended by itself meanwhile.
        }

        if (!await ServerLockIsFreeWithinAsync(KilledServerGrace, cancellation).ConfigureAwait(false))
        {
            throw new EmbeddedRedisException($"The Redis server {processId} still holds the data folder {Path} and could not be ended: end it by hand.");
        }
    }

    private async Task<bool> ServerLockIsFreeWithinAsync(TimeSpan bound, CancellationToken cancellation)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < bound;)
        {
            using (var taken = TryLock(ServerLock))
            {
                if (taken is not null)
                {
                    return true;
                }
            }

            await Task.Delay(LockPollInterval, cancellation).ConfigureAwait(false);
        }

        return false;
    }

    private static FileStream? TryLock(string file)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(file))
        {
            return null;
        }
    }
}
