using System.Text;

namespace Morag.Persistence.Redis.Layout;

/// <summary>Writes Protobuf fields into a buffer of exactly the right size. Omits fields with the default value.</summary>
internal ref struct ProtobufWriter(Span<byte> buffer)
{
    private const int VarintType = 0;
    private const int LengthDelimitedType = 2;

    private readonly Span<byte> _buffer = buffer;
    private int _position;

    public static int SizeOfVarint(ulong value) => (70 - System.Numerics.BitOperations.LeadingZeroCount(value | 1)) / 7;

    public static int SizeOfField(int field, long value)
        => value == 0 ? 0 : SizeOfVarint((uint)field << 3) + SizeOfVarint((ulong)value);

    public static int SizeOfField(int field, string? value)
        => string.IsNullOrEmpty(value) ? 0 : SizeOfBytes(field, Encoding.UTF8.GetByteCount(value));

    public static int SizeOfBytes(int field, int length)
        => SizeOfVarint((uint)field << 3) + SizeOfVarint((uint)length) + length;

    public static long ZigZag(long value) => (value << 1) ^ (value >> 63);

    public void WriteField(int field, long value)
    {
        if (value == 0) return;
        WriteVarint((uint)(field << 3 | VarintType));
        WriteVarint((ulong)value);
    }

    public void WriteField(int field, string? value)
    {
        if (string.IsNullOrEmpty(value)) return;
        WriteLength(field, Encoding.UTF8.GetByteCount(value));
        _position += Encoding.UTF8.GetBytes(value, _buffer[_position..]);
    }

    public void WriteField(int field, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return;
        WriteLength(field, value.Length);
        value.CopyTo(_buffer[_position..]);
        _position += value.Length;
    }

    /// <summary>Begins a field of a known length. The caller writes its content next.</summary>
    public void WriteLength(int field, int length)
    {
        WriteVarint((uint)(field << 3 | LengthDelimitedType));
        WriteVarint((uint)length);
    }

    private void WriteVarint(ulong value)
    {
        while (value >= 0x80)
        {
            _buffer[_position++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[_position++] = (byte)value;
    }
}
