using System.Diagnostics;
using System.Globalization;

namespace Morag.EmbeddedRedis;

/// <summary>
/// The folder of one embedded Redis. Two locks guard it: one of this process, which owns the folder, and one of the server, which can
/// outlive a killed owner for a moment. The operating system releases each however its holder ends.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private const string SegmentPrefix = "aof.log.";

    /// <summary>A disk with less free space than this counts as full, in bytes: the checkpoint of a start needs at least as much.</summary>
    private const long MinFreeSpace = 16L << 20;

    private static readonly TimeSpan StaleServerGrace = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan KilledServerGrace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LockPollInterval = TimeSpan.FromMilliseconds(20);

    private readonly FileStream ownerLock;

    private DataFolder(string path, FileStream ownerLock)
    {
        Path = path;
        this.ownerLock = ownerLock;
        Socket = ServerSocket.Create(path);
    }

    public string Path { get; }

    public string Data => System.IO.Path.Combine(Path, "data");

    /// <summary>Folder of the server's log.</summary>
    public string Log => System.IO.Path.Combine(Data, "AOF");

    /// <summary>Folder in which the server records how far its log goes.</summary>
    public string LogCommits => System.IO.Path.Combine(Log, "log-commits");

    public ServerSocket Socket { get; }

    public string ServerUsers => System.IO.Path.Combine(Path, "server.users");

    public string ServerLock => System.IO.Path.Combine(Path, "server.lock");

    public string ServerProcessId => System.IO.Path.Combine(Path, "server.pid");

    /// <summary>Path of a file of the server's log.</summary>
    public string LogSegment(int number) =>
        System.IO.Path.Combine(Log, string.Create(CultureInfo.InvariantCulture, $"{SegmentPrefix}{number}"));

    /// <summary>Folder that keeps the part of the log that is removed when a loss is accepted.</summary>
    public string UnreadLog(string lossToken) => System.IO.Path.Combine(Path, $"unread-log-{lossToken}");

    /// <summary>The files of the server's log, in no order. Other files in its folder, such as copies, are not included.</summary>
    public IEnumerable<(int Number, string Path)> LogSegments()
    {
        if (!Directory.Exists(Log))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateFiles(Log, SegmentPrefix + "*"))
        {
            var suffix = System.IO.Path.GetFileName(path)[SegmentPrefix.Length..];
            if (int.TryParse(suffix, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && path == LogSegment(number))
            {
                yield return (number, path);
            }
        }
    }

    /// <summary>Size of the server's log. A file that is deleted during the call counts as empty.</summary>
    public long LogBytes() =>
        LogSegments().Select(static segment => new FileInfo(segment.Path)).Sum(static file => file.Exists ? file.Length : 0);

    /// <summary>Size of everything that the server reads when it starts, in bytes.</summary>
    public long StoredBytes() => LogBytes() + CheckpointProgress().Bytes;

    /// <summary>The files of the server's checkpoints, in no order.</summary>
    public IEnumerable<FileInfo> CheckpointFiles()
    {
        var checkpoints = new DirectoryInfo(System.IO.Path.Combine(Data, "Store", "checkpoints"));
        return checkpoints.Exists ? checkpoints.EnumerateFiles("*", SearchOption.AllDirectories) : [];
    }

    /// <summary>Changes whenever the server writes to a checkpoint. A file that is deleted during the call counts as empty.</summary>
    public (long Bytes, DateTime WrittenAt) CheckpointProgress() => CheckpointFiles()
        .Where(static file => file.Exists)
        .Aggregate(
            (Bytes: 0L, WrittenAt: DateTime.MinValue),
            static (sum, file) => (sum.Bytes + file.Length, file.LastWriteTimeUtc > sum.WrittenAt ? file.LastWriteTimeUtc : sum.WrittenAt));

    /// <summary>Tells an operator what to do about a full disk. Null if the disk has room, or if the system does not report it.</summary>
    public string? FullDiskAdvice
    {
        get
        {
            try
            {
                var drive = new DriveInfo(Path);
                // Some network file systems report no sizes.
                return drive.TotalSize > 0 && drive.AvailableFreeSpace < MinFreeSpace
                    ? $"The disk of its data folder {Path} is full. Free enough space for a checkpoint of all its data, "
                        + "or move the folder to a larger disk."
                    : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                return null;
            }
        }
    }

    /// <summary>Creates the folder if necessary, locks it for this process, and ends a server that a killed owner left running.</summary>
    /// <exception cref="EmbeddedRedisException">Another process uses the folder, or it is not writable.</exception>
    public static async Task<DataFolder> OpenAsync(string path, Action<string> log, CancellationToken cancellation)
    {
        var folder = OpenLocked(System.IO.Path.GetFullPath(path));
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

    private static DataFolder OpenLocked(string path)
    {
        FileStream? ownerLock = null;
        try
        {
            PrivateFolder.Create(path);
            ownerLock = TryLock(System.IO.Path.Combine(path, "owner.lock"))
                ?? throw new EmbeddedRedisException(
                    $"The data folder {path} is in use by another running process. Stop that process, or choose another folder.");
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
        if (await IsServerLockFreeWithinAsync(StaleServerGrace, cancellation).ConfigureAwait(false))
        {
            return;
        }

        // The holder of the lock has written this process id itself, so a process with a recycled number is not killed by mistake.
        var written = File.Exists(ServerProcessId) ? await File.ReadAllTextAsync(ServerProcessId, cancellation).ConfigureAwait(false) : "";
        if (!int.TryParse(written, NumberStyles.None, CultureInfo.InvariantCulture, out var processId))
        {
            throw new EmbeddedRedisException(
                $"A Redis server still uses the data folder {Path}, and {ServerProcessId} does not say which process it is. "
                + $"End the process that has {ServerLock} open, then start again.");
        }

        log($"Ending the Redis server {processId}, which an earlier process left running on {Path}");
        try
        {
            using var stale = Process.GetProcessById(processId);
            stale.Kill();
        }
        catch (ArgumentException)
        {
            // It has already exited.
        }

        if (!await IsServerLockFreeWithinAsync(KilledServerGrace, cancellation).ConfigureAwait(false))
        {
            throw new EmbeddedRedisException(
                $"The Redis server {processId} still uses the data folder {Path}, and killing it did not end it. "
                + "End this process by hand, then start again.");
        }
    }

    private async Task<bool> IsServerLockFreeWithinAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < timeout;)
        {
            using (var acquired = TryLock(ServerLock))
            {
                if (acquired is not null)
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
