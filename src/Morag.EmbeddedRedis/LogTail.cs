using System.Buffers.Binary;
using System.Globalization;

namespace Morag.EmbeddedRedis;

/// <summary>
/// Finds and truncates the end of the server's log. A kill can leave the beginning of a commit record in the last sector. If that is
/// exactly the length and the version, followed by zeros, Garnet 2.2.8 recovers it as a valid commit of nothing: it silently drops the
/// whole log, and with it everything written since the last checkpoint. The log is therefore truncated after its last complete commit
/// before a server reads it. No server may be running on the folder.
/// </summary>
internal static class LogTail
{
    private const int BlockBytes = 1 << 20;

    /// <summary>The address at which the log ends: after its last complete commit. Null if it holds none.</summary>
    public static long? FindEnd(DataFolder folder)
    {
        foreach (var (number, path) in folder.LogSegments().OrderByDescending(static segment => segment.Number))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None);
            if (FindLastCommitEnd(file, LogFormat.AddressOf(number)) is { } end)
            {
                return end;
            }
        }

        return null;
    }

    /// <summary>
    /// Deletes what follows the last complete commit. None of it was acknowledged: a reply waits for the commit of its entry.
    /// </summary>
    public static void Truncate(DataFolder folder, long end)
    {
        var last = LogFormat.SegmentAt(end - 1);
        foreach (var (number, path) in folder.LogSegments().Where(segment => segment.Number >= last))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.None);
            Truncate(file, number == last ? end - LogFormat.AddressOf(number) : 0);
        }
    }

    /// <summary>
    /// Truncates the log after a commit, and keeps what it removes in another folder. If there is no commit at this address, moves the
    /// whole log; the server then begins a new one. Can be repeated after a crash.
    /// </summary>
    /// <returns>The address at which the log ends, or null if it was moved.</returns>
    public static long? MoveAside(DataFolder folder, long end, string aside)
    {
        Directory.CreateDirectory(aside);
        if (ReadCommitBefore(folder, end) is not { } commit)
        {
            Directory.Move(folder.Log, Path.Combine(aside, Path.GetRandomFileName()));
            return null;
        }

        // This comes first: a server that finds a later commit here would accept the log up to that one.
        WriteLogCommit(folder, commit, aside);
        var last = LogFormat.SegmentAt(end - 1);
        var unread = folder.LogSegments().Where(segment => segment.Number >= last).ToList();
        foreach (var (number, path) in unread.OrderByDescending(static segment => segment.Number))
        {
            var kept = Path.Combine(aside, Path.GetFileName(path));
            if (number == last)
            {
                File.Copy(path, kept, overwrite: true);
                Truncate(folder, end);
            }
            else
            {
                File.Move(path, kept, overwrite: true);
            }
        }

        return end;
    }

    private static byte[]? ReadCommitBefore(DataFolder folder, long end)
    {
        var start = end - LogFormat.CommitBytes;
        var (number, path) = folder.LogSegments().FirstOrDefault(segment => segment.Number == LogFormat.SegmentAt(end - 1));
        if (path is null || start < LogFormat.AddressOf(number))
        {
            return null;
        }

        using var file = File.OpenHandle(path);
        var record = new byte[LogFormat.CommitBytes];
        var read = RandomAccess.Read(file, record, start - LogFormat.AddressOf(number));
        return LogFormat.IsCommitAt(record.AsSpan(0, read), start) ? record : null;
    }

    /// <summary>
    /// Writes what the server writes at a commit: a file, named after the number of the commit, with the commit record and its length as
    /// a positive number. Moves the files of other commits aside.
    /// </summary>
    private static void WriteLogCommit(DataFolder folder, byte[] commit, string aside)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"commit.{LogFormat.CommitNumber(commit)}.0");
        var sector = new byte[LogFormat.SectorBytes];
        commit.CopyTo(sector, 0);
        BinaryPrimitives.WriteInt32LittleEndian(sector, -BinaryPrimitives.ReadInt32LittleEndian(commit));
        using (var file = new FileStream(Path.Combine(folder.LogCommits, name), FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(sector);
            file.Flush(flushToDisk: true);
        }

        foreach (var other in Directory.GetFiles(folder.LogCommits).Where(file => Path.GetFileName(file) != name))
        {
            File.Move(other, Path.Combine(aside, Path.GetFileName(other)), overwrite: true);
        }
    }

    /// <summary>Truncates the file, and fills its last sector with zeros, as the server does.</summary>
    private static void Truncate(FileStream file, long length)
    {
        file.SetLength(length);
        file.SetLength((length + LogFormat.SectorBytes - 1) / LogFormat.SectorBytes * LogFormat.SectorBytes);
        file.Flush(flushToDisk: true);
    }

    private static long? FindLastCommitEnd(FileStream file, long segmentAddress)
    {
        var block = new byte[BlockBytes + LogFormat.CommitBytes];
        for (var start = file.Length / BlockBytes * BlockBytes; start >= 0; start -= BlockBytes)
        {
            file.Position = start;
            var read = file.ReadAtLeast(block, block.Length, throwOnEndOfStream: false);
            if (FindLastCommitEnd(block.AsSpan(0, read), segmentAddress + start) is { } end)
            {
                return end;
            }
        }

        return null;
    }

    private static long? FindLastCommitEnd(ReadOnlySpan<byte> block, long address)
    {
        var rest = block;
        for (var at = rest.LastIndexOf(LogFormat.CommitStart); at >= 0; at = rest.LastIndexOf(LogFormat.CommitStart))
        {
            if (at % LogFormat.RecordAlignment == 0 && LogFormat.IsCommitAt(block[at..], address + at))
            {
                return address + at + LogFormat.CommitBytes;
            }

            rest = rest[..(at + LogFormat.CommitStart.Length - 1)];
        }

        return null;
    }
}
