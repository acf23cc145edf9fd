using System.Buffers.Binary;

namespace Morag.EmbeddedRedis;

/// <summary>
/// The format of Garnet 2.2.8's log. An address counts bytes from the beginning of the log, which is a sequence of files of equal size.
/// Each record begins with its length. A commit record, whose length is negative, follows each entry.
/// </summary>
internal static class LogFormat
{
    /// <summary>Size of a file of the log, in MiB. The address of its first byte is this size times its number.</summary>
    public const int SegmentMebibytes = 64;

    /// <summary>Size of a page, in MiB. No record crosses the end of a page.</summary>
    public const int PageMebibytes = 32;

    public const long PageBytes = (long)PageMebibytes << 20;

    /// <summary>The server writes whole sectors.</summary>
    public const int SectorBytes = 512;

    public const int RecordAlignment = 4;

    public const int CommitBytes = 44;

    private const long SegmentBytes = (long)SegmentMebibytes << 20;

    /// <summary>The first bytes of a commit record: its length, without these four bytes and negated, and the format version.</summary>
    public static ReadOnlySpan<byte> CommitStart => [0xd8, 0xff, 0xff, 0xff, 1, 0, 0, 0];

    /// <summary>Number of the file that holds this address.</summary>
    public static int SegmentAt(long address) => (int)(address / SegmentBytes);

    /// <summary>Address of the first byte of a file.</summary>
    public static long AddressOf(int segment) => segment * SegmentBytes;

    /// <summary>Size of a record in bytes, given the length at its beginning.</summary>
    public static long SizeOf(int length) =>
        sizeof(int) + ((Math.Abs((long)length) + RecordAlignment - 1) / RecordAlignment * RecordAlignment);

    /// <summary>Number of a commit.</summary>
    public static long CommitNumber(ReadOnlySpan<byte> commit) => BinaryPrimitives.ReadInt64LittleEndian(commit[32..]);

    /// <summary>
    /// Whether a complete commit record begins here. Client data can look like one, but it cannot contain the address at which it ends.
    /// </summary>
    /// <param name="record">Bytes of the log.</param>
    /// <param name="address">Address of the first of them.</param>
    public static bool IsCommitAt(ReadOnlySpan<byte> record, long address)
    {
        if (record.Length < CommitBytes || !record.StartsWith(CommitStart))
        {
            return false;
        }

        var checksum = BinaryPrimitives.ReadInt64LittleEndian(record[8..]);
        var begin = BinaryPrimitives.ReadInt64LittleEndian(record[16..]);
        var until = BinaryPrimitives.ReadInt64LittleEndian(record[24..]);
        var cookieBytes = BinaryPrimitives.ReadInt32LittleEndian(record[40..]);
        return until == address + CommitBytes && cookieBytes == -1 && checksum == (begin ^ until ^ CommitNumber(record) ^ cookieBytes);
    }
}
