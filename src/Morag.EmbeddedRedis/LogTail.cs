using System.Buffers.Binary;

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

    private const long SegmentBytes = (long)SegmentMebibytes << 20;
    private const int SectorBytes = 512;
    private const int BlockBytes = 1 << 20;
    private const int RecordBytes = 44;
    private const int RecordAlignment = 4;

    /// <summary>A commit record begins with its negated length without these four bytes, and the version of its format.</summary>
    private static ReadOnlySpan<byte> RecordStart => [0xd8, 0xff, 0xff, 0xff, 1, 0, 0, 0];

    /// <summary>The number of the file that has this address of the log.</summary>
    public static int SegmentAt(long address) => (int)(address / SegmentBytes);

    /// <summary>
    /// Removes what follows the last whole commit. None of that was acknowledged: a reply waits for the commit of its entry.
    /// No server may be running on the folder.
    /// </summary>
    /// <returns>The address at which the log ends, or null when it holds no whole commit; it is not changed then.</returns>
    public static long? Cut(DataFolder folder)
    {
        var segments = folder.LogSegments().OrderByDescending(static segment => segment.Number).ToList();
        for (var newest = 0; newest < segments.Count; newest++)
        {
            var (number, path) = segments[newest];
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            var address = number * SegmentBytes;
            if (EndOfLastCommit(file, address) is not { } end)
            {
                continue;
            }

            Cut(file, end - address);
            foreach (var (_, later) in segments.Take(newest))
            {
                using var empty = new FileStream(later, FileMode.Open, FileAccess.Write, FileShare.None);
                Cut(empty, 0);
            }

            return end;
        }

        return null;
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
        var block = new byte[BlockBytes + RecordBytes];
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
        for (var at = rest.LastIndexOf(RecordStart); at >= 0; at = rest.LastIndexOf(RecordStart))
        {
            if (at % RecordAlignment == 0 && at + RecordBytes <= block.Length && IsCommit(block[at..], address + at + RecordBytes))
            {
                return address + at + RecordBytes;
            }

            rest = rest[..(at + RecordStart.Length - 1)];
        }

        return null;
    }

    /// <summary>
    /// Whether it is a whole commit record, of all up to its own end. A value that a client writes can look like one, but for the address.
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
