using System.Text;

namespace Morag.Persistence.Redis.Layout;

/// <summary>Reads Protobuf fields one after the other. The caller reads or skips each field.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> buffer)
{
    private readonly ReadOnlySpan<byte> _buffer = buffer;
    private int _position;
    private int _wireType;

    /// <summary>Number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>Moves to the next field. Returns false at the end.</summary>
    /// <exception cref="FormatException">The bytes are not a Protobuf message.</exception>
    public bool ReadField()
    {
        if (_position == _buffer.Length) return false;
        var tag = ReadVarint();
        Field = (int)(tag >> 3);
        _wireType = (int)(tag & 7);
        return Field > 0 ? true : throw Malformed();
    }

    public long ReadInteger() => _wireType == 0 ? (long)ReadVarint() : throw Malformed();

    public long ReadZigZagInteger()
    {
        var value = ReadInteger();
        return (long)((ulong)value >> 1) ^ -(value & 1);
    }

    public ReadOnlySpan<byte> ReadBytes() => _wireType == 2 ? ReadSlice(ReadVarint()) : throw Malformed();

    public string ReadText() => Encoding.UTF8.GetString(ReadBytes());

    public void Skip()
    {
        switch (_wireType)
        {
            case 0: ReadVarint(); break;
            case 1: ReadSlice(8); break;
            case 2: ReadSlice(ReadVarint()); break;
            case 5: ReadSlice(4); break;
            default: throw Malformed();
        }
    }

    private ReadOnlySpan<byte> ReadSlice(ulong length)
    {
        if (length > (ulong)(_buffer.Length - _position)) throw Malformed();
        var slice = _buffer.Slice(_position, (int)length);
        _position += (int)length;
        return slice;
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_position == _buffer.Length) throw Malformed();
            var next = _buffer[_position++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }

        throw Malformed();
    }

    private readonly FormatException Malformed() => new($"Not a Protobuf message: malformed at byte {_position} of {_buffer.Length}.");
}
