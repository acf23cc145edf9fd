using System.Text;

namespace Morag.Failover.Client.Connection;

/// <summary>Reads the lines of a stream of UTF-8 text. A line that is too long ends the stream instead of filling the memory.</summary>
internal sealed class BoundedLines(Stream stream, int maxBytes)
{
    private byte[] buffer = new byte[1024];
    private int start;
    private int end;

    /// <summary>The next line without its end; null when the stream has ended. A last line without an end is dropped.</summary>
    /// <exception cref="IOException">The line is too long, or the connection broke.</exception>
    public async ValueTask<string?> ReadAsync(CancellationToken cancellation)
    {
        for (var searched = 0; ;)
        {
            var length = buffer.AsSpan((start + searched)..end).IndexOf((byte)'\n');
            if (length >= 0)
            {
                length += searched;
                var line = buffer.AsSpan(start, length);
                start += length + 1;
                return Encoding.UTF8.GetString(line is [.. var text, (byte)'\r'] ? text : line);
            }

            searched = end - start;
            if (searched > maxBytes)
            {
                throw new IOException($"a line is longer than {maxBytes} bytes");
            }

            MakeRoom();
            var read = await stream.ReadAsync(buffer.AsMemory(end), cancellation);
            if (read == 0)
            {
                return null;
            }

            end += read;
        }
    }

    private void MakeRoom()
    {
        if (start > 0)
        {
            buffer.AsSpan(start..end).CopyTo(buffer);
            (start, end) = (0, end - start);
        }

        if (end == buffer.Length)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }
    }
}
