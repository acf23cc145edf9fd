using System.Buffers.Text;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Morag.Failover.Benchmarks.Running;

/// <summary>
/// One HTTP/1.1 connection for one call at a time, with as little code as possible: the load generator shares the machine with what it
/// measures.
/// </summary>
internal sealed class LeanConnection : IDisposable
{
    private static readonly byte[] EndOfHead = "\r\n\r\n"u8.ToArray();

    private readonly Socket socket;
    private byte[] buffer = new byte[64 * 1024];
    private int filled;

    private LeanConnection(Socket socket) => this.socket = socket;

    public static async Task<LeanConnection> OpenAsync(Uri node)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(node.Host, node.Port);
        return new LeanConnection(socket);
    }

    public static async Task<LeanConnection[]> OpenManyAsync(Uri node, int count)
    {
        var opened = new LeanConnection[count];
        for (var number = 0; number < count; number++)
        {
            opened[number] = await OpenAsync(node);
        }

        return opened;
    }

    /// <summary>Posts JSON and returns the body of the answer, valid until the next call. Throws unless the call succeeds.</summary>
    public async Task<ReadOnlyMemory<byte>> PostAsync(string path, string json)
    {
        var length = Encoding.UTF8.GetByteCount(json);
        var request = string.Create(
            CultureInfo.InvariantCulture,
            $"POST /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}");
        var bytes = Encoding.UTF8.GetBytes(request);
        for (var sent = 0; sent < bytes.Length;)
        {
            sent += await socket.SendAsync(bytes.AsMemory(sent));
        }

        filled = 0;
        return await ReceiveAsync(path);
    }

    public void Dispose() => socket.Dispose();

    private async Task<ReadOnlyMemory<byte>> ReceiveAsync(string path)
    {
        int head;
        while ((head = buffer.AsSpan(0, filled).IndexOf(EndOfHead)) < 0)
        {
            await FillAsync();
        }

        var start = head + EndOfHead.Length;
        var body = ContentLength(buffer.AsSpan(0, head)) is { } length
            ? await ReadLengthAsync(start, length)
            : await ReadChunksAsync(start);
        return buffer[9] == (byte)'2'
            ? body
            : throw new InvalidOperationException(
                $"{path}: {Encoding.UTF8.GetString(buffer, 0, head).Split('\r')[0]} {Encoding.UTF8.GetString(body.Span)}");
    }

    private async Task<ReadOnlyMemory<byte>> ReadLengthAsync(int start, int length)
    {
        while (filled < start + length)
        {
            await FillAsync();
        }

        return buffer.AsMemory(start, length);
    }

    /// <summary>Joins the chunks in place.</summary>
    private async Task<ReadOnlyMemory<byte>> ReadChunksAsync(int start)
    {
        var (from, to) = (start, start);
        while (true)
        {
            int line;
            while ((line = buffer.AsSpan(from, filled - from).IndexOf((byte)'\n')) < 0)
            {
                await FillAsync();
            }

            _ = Utf8Parser.TryParse(buffer.AsSpan(from, line), out int size, out _, 'x');
            from += line + 1;
            while (filled < from + size + 2)
            {
                await FillAsync();
            }

            if (size == 0)
            {
                return buffer.AsMemory(start, to - start);
            }

            buffer.AsSpan(from, size).CopyTo(buffer.AsSpan(to));
            to += size;
            from += size + 2;
        }
    }

    private async Task FillAsync()
    {
        if (filled == buffer.Length)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        var read = await socket.ReceiveAsync(buffer.AsMemory(filled));
        filled += read > 0 ? read : throw new IOException("The node closed the connection");
    }

    private static int? ContentLength(ReadOnlySpan<byte> head)
    {
        var name = "\r\nContent-Length: "u8;
        var at = head.IndexOf(name);
        return at >= 0 && Utf8Parser.TryParse(head[(at + name.Length)..], out int length, out _) ? length : null;
    }
}
