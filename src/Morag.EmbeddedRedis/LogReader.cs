using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Morag.EmbeddedRedis;

/// <summary>
/// Reads the server's log record by record. Garnet 2.2.8 does not notice damage: it reads a record without a length as the end of a page
/// and continues with the next page, and it does not check anything before the commit in <c>log-commits</c>.
/// </summary>
internal sealed class LogReader : IDisposable
{
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

    /// <summary>The end of the last commit up to which all records are intact, or <paramref name="start"/> if there is none.</summary>
    /// <param name="folder">A folder on which no server is running.</param>
    /// <param name="start">Address at which a record begins.</param>
    public static long FindReadableEnd(DataFolder folder, long start)
    {
        using var reader = new LogReader(folder);
        var readable = start;
        var skippedRoom = 0L;
        for (var address = start; ;)
        {
            var record = reader.ReadRecord(address);
            var room = LogFormat.PageBytes - (address % LogFormat.PageBytes);
            var length = record.Length < LengthBytes ? 0 : BinaryPrimitives.ReadInt32LittleEndian(record);
            if (length == 0 && record.Length >= LengthBytes && room < LogFormat.PageBytes)
            {
                // This is the end of a page only if the next record is too large for the skipped room.
                (skippedRoom, address) = (room, address + room);
                continue;
            }

            var size = LogFormat.SizeOf(length);
            if (length == 0 || size > room || size <= skippedRoom || (length < 0 && !LogFormat.IsCommitAt(record, address)))
            {
                return readable;
            }

            (skippedRoom, address) = (0, address + size);
            readable = length < 0 ? address : readable;
        }
    }

    public void Dispose() => file?.Dispose();

    /// <summary>The bytes from this address on: at least a commit record's size, unless the file ends before.</summary>
    private ReadOnlySpan<byte> ReadRecord(long address)
    {
        var number = LogFormat.SegmentAt(address);
        var offset = address - blockAddress;
        if (number != fileNumber || offset < 0 || offset + LogFormat.CommitBytes > blockLength)
        {
            if (!TryOpen(number))
            {
                return [];
            }

            blockAddress = address;
            blockLength = RandomAccess.Read(file!, block, address - LogFormat.AddressOf(number));
            offset = 0;
        }

        return block.AsSpan((int)offset, blockLength - (int)offset);
    }

    private bool TryOpen(int number)
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
