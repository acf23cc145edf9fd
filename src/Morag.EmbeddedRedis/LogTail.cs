using System.Buffers.Binary;
using System.Globalization;

namespace Morag.EmbeddedRedis;

/// <summary>
/// The end of the server's log. Garnet 2.2.8 writes its log in whole sectors, and follows each entry by a commit record. After a kill,
/// the last sector may hold the beginning of another commit record. When that is exactly its length and version, and zeros come after
/// it, the recovery takes it for a valid commit of nothing: it drops the whole log without an error, and with it all that was written
/// since the last checkpoint. So the log is cut after its last whole commit before a server reads it.
/// </summary>
internal static class LogTail
{
    /// <summary>The size of a file of the log, in MiB: the address of its first byte is this size times its number.</summary>
    public const int SegmentMebibytes = 64;

    /// <summary>The size of a commit record.</summary>
    public const int CommitBytes = 44;

    private const long SegmentBytes = (long)SegmentMebibytes << 20;
    private const int SectorBytes = 512;
    private const int BlockBytes = 1 << 20;
    private const int RecordAlignment = 4;

    /// <summary>A commit record begins with its negated length without these four bytes, and the version of its format.</summary>
    private static ReadOnlySpan<byte> CommitStart => [0xd8, 0xff, 0xff, 0xff, 1, 0, 0, 0];

    /// <summary>The number of the file that has this address of the log.</summary>
    public static int SegmentAt(long address) => (int)(address / SegmentBytes);

    /// <summary>The address of the first byte of this file.</summary>
    public static long AddressOf(int segment) => segment * SegmentBytes;

    /// <summary>The bytes of a record with this length in front; that of a commit record is negative.</summary>
    public static long SizeOf(int length) =>
        sizeof(int) + ((Math.Abs((long)length) + RecordAlignment - 1) / RecordAlignment * RecordAlignment);

    /// <summary>Whether a whole commit record begins here, at this address.</summary>
    public static bool IsCommitAt(ReadOnlySpan<byte> record, long address) =>
        record.Length >= CommitBytes && record.StartsWith(CommitStart) && IsCommit(record, address + CommitBytes);

    /// <summary>The address at which the log ends: after its last whole commit. Null when it holds none.</summary>
    public static long? EndOf(DataFolder folder)
    {
        foreach (var (number, path) in folder.LogSegments().OrderByDescending(static segment => segment.Number))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None);
            if (EndOfLastCommit(file, AddressOf(number)) is { } end)
            {
                return end;
            }
        }

        return null;
    }

    /// <summary>
    /// Removes what follows the last whole commit. None of that was acknowledged: a reply waits for the commit of its entry.
    /// No server may be running on the folder.
    /// </summary>
    public static void CutAt(DataFolder folder, long end)
    {
        var last = SegmentAt(end - 1);
        foreach (var (number, path) in folder.LogSegments().Where(segment => segment.Number >= last))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.None);
            Cut(file, number == last ? end - AddressOf(number) : 0);
        }
    }

    /// <summary>
    /// Ends the log after this commit, and keeps all of it that is moved or cut in another folder. Without a commit there, all of the log is
    /// moved; the server then begins another one. Can be repeated after a crash.
    /// </summary>
    /// <returns>The address at which the log ends, or null when it was moved.</returns>
    public static long? SetAsideAfter(DataFolder folder, long end, string aside)
    {
        Directory.CreateDirectory(aside);
        if (CommitBefore(folder, end) is not { } commit)
        {
            // Its folder is flat but for log-commits.
            Directory.Move(folder.Log, Path.Combine(aside, Path.GetRandomFileName()));
            return null;
        }

        // First of all: a server that finds a later commit here takes the log up to it for whole.
        WriteLogCommit(folder, commit, aside);
        var last = SegmentAt(end - 1);
        var unread = folder.LogSegments().Where(segment => segment.Number >= last).ToList();
        foreach (var (number, path) in unread.OrderByDescending(static segment => segment.Number))
        {
            var kept = Path.Combine(aside, Path.GetFileName(path));
            if (number == last)
            {
                File.Copy(path, kept, overwrite: true);
                CutAt(folder, end);
            }
            else
            {
                File.Move(path, kept, overwrite: true);
            }
        }

        return end;
    }

    private static byte[]? CommitBefore(DataFolder folder, long end)
    {
        var (number, path) = folder.LogSegments().FirstOrDefault(segment => segment.Number == SegmentAt(end - 1));
        if (path is null)
        {
            return null;
        }

        using var file = File.OpenHandle(path);
        var record = new byte[CommitBytes];
        var at = end - CommitBytes - AddressOf(number);
        return at >= 0 && RandomAccess.Read(file, record, at) == CommitBytes && IsCommitAt(record, end - CommitBytes) ? record : null;
    }

    /// <summary>As the server does: in a file named after the number of the commit, the record with its length as a positive number.</summary>
    private static void WriteLogCommit(DataFolder folder, byte[] commit, string aside)
    {
        var number = BinaryPrimitives.ReadInt64LittleEndian(commit.AsSpan(32));
        var name = string.Create(CultureInfo.InvariantCulture, $"commit.{number}.0");
        var sector = new byte[SectorBytes];
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

    /// <summary>Leaves zeros up to the next sector, as the server does.</summary>
    private static void Cut(FileStream file, long length)
    {
        file.SetLength(length);
        file.SetLength((length + SectorBytes - 1) / SectorBytes * SectorBytes);
        file.Flush(flushToDisk: true);
    }

    private static long? EndOfLastCommit(FileStream file, long segmentAddress)
    {
        var block = new byte[BlockBytes + CommitBytes];
        for (var start = file.Length / BlockBytes * BlockBytes; start >= 0; start -= BlockBytes)
        {
            file.Position = start;
            var read = file.ReadAtLeast(block, block.Length, throwOnEndOfStream: false);
            if (EndOfLastCommit(block.AsSpan(0, read), segmentAddress + start) is { } end)
            {
                return end;
            }
        }

        return null;
    }

    private static long? EndOfLastCommit(ReadOnlySpan<byte> block, long address)
    {
        var rest = block;
        for (var at = rest.LastIndexOf(CommitStart); at >= 0; at = rest.LastIndexOf(CommitStart))
        {
            if (at % RecordAlignment == 0 && at + CommitBytes <= block.Length && IsCommit(block[at..], address + at + CommitBytes))
            {
                return address + at + CommitBytes;
            }

            rest = rest[..(at + CommitStart.Length - 1)];
        }

        return null;
    }

    /// <summary>
    /// Whether this is a complete commit record that ends where it says. Client data can look like one, but cannot contain the right
    /// address.
    /// </summary>
    private static bool IsCommit(ReadOnlySpan<byte> record, long end)
    {
        var checksum = BinaryPrimitives.ReadInt64LittleEndian(record[8..]);
        var begin = BinaryPrimitives.ReadInt64LittleEndian(record[16..]);
        var until = BinaryPrimitives.ReadInt64LittleEndian(record[24..]);
        var number = BinaryPrimitives.ReadInt64LittleEndian(record[32..]);
        var cookieBytes = BinaryPrimitives.ReadInt32LittleEndian(record[40..]);
        return until == end && cookieBytes == -1 && checksum == (begin ^ until ^ number ^ cookieBytes);
    }
}
