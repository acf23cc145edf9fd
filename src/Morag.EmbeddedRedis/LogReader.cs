using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Morag.EmbeddedRedis;

/// <summary>
/// Reads the server's log from record to record. Garnet 2.2.8 does not notice damage: it takes a record without a length for the end of a
/// page and goes on with the next page, and it does not look at all at what lies before the commit in <c>log-commits</c>.
/// </summary>
internal sealed class LogReader : IDisposable
{
    /// <summary>The size of a page of the log, in MiB. No record crosses the end of a page.</summary>
    public const int PageMebibytes = 32;

    private const long PageBytes = (long)PageMebibytes << 20;
    private const int BlockBytes = 1 << 20;
    private const int LengthBytes = sizeof(int);

    private readonly Dictionary<int, string> segments;
    private readonly byte[] block = new byte[BlockBytes];
    private SafeFileHandle? file;
    private int fileNumber = -1;
    private long blockAddress;
    private int blockLength;

    private LogReader(DataFolder folder) =>
        segments = folder.LogSegments().ToDictionary(static segment => segment.Number, static segment => segment.Path);

    /// <summary>The end of the last commit up to which all records are whole, or where reading began if there is none.</summary>
    /// <param name="folder">No server may be running on it.</param>
    /// <param name="from">Address at which a record begins.</param>
    public static long ReadableUntil(DataFolder folder, long from)
    {
        using var reader = new LogReader(folder);
        var readable = from;
        var leftOver = 0L;
        for (var address = from; ;)
        {
            var record = reader.RecordAt(address);
            var room = PageBytes - (address % PageBytes);
            var length = record.Length < LengthBytes ? 0 : BinaryPrimitives.ReadInt32LittleEndian(record);
            if (length == 0 && record.Length >= LengthBytes && room < PageBytes)
            {
                // The next record did not fit into the rest of the page, or else this is no end of a page.
                (leftOver, address) = (room, address + room);
                continue;
            }

            var size = LogTail.SizeOf(length);
            if (length == 0 || size > room || size <= leftOver || (length < 0 && !LogTail.IsCommitAt(record, address)))
            {
                return readable;
            }

            (leftOver, address) = (0, address + size);
            readable = length < 0 ? address : readable;
        }
    }

    public void Dispose() => file?.Dispose();

    /// <summary>The beginning of the record at this address, and more than a commit record, if the file goes on that far.</summary>
    private ReadOnlySpan<byte> RecordAt(long address)
    {
        var number = LogTail.SegmentAt(address);
        var at = address - blockAddress;
        if (number != fileNumber || at < 0 || at + LogTail.CommitBytes > blockLength)
        {
            if (!Open(number))
            {
                return [];
            }

            blockAddress = address;
            blockLength = RandomAccess.Read(file!, block, address - LogTail.AddressOf(number));
            at = 0;
        }

        return block.AsSpan((int)at, blockLength - (int)at);
    }

    private bool Open(int number)
    {
        if (number == fileNumber)
        {
            return true;
        }

        if (!segments.TryGetValue(number, out var path))
        {
            return false;
        }

        file?.Dispose();
        file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan);
        fileNumber = number;
        return true;
    }
}
