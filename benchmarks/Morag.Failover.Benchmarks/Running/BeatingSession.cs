using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Morag.Failover.Benchmarks.Running;

/// <summary>The session of a worker, as a WebSocket with beats or as a stream of events, with as little code as possible.</summary>
internal sealed class BeatingSession : IDisposable
{
    // Binary, one byte, with a mask of zeros.
    private static readonly byte[] Beat = [0x82, 0x81, 0, 0, 0, 0, 1];

    private readonly Socket socket;
    private readonly byte[] buffer = new byte[256];
    private long received;

    private BeatingSession(Socket socket) => this.socket = socket;

    /// <summary>The bytes that arrived since the session is open. A confirmation has three.</summary>
    public long Received => Interlocked.Read(ref received);

    public static async Task<BeatingSession> OpenAsync(Uri node, string worker, string instance, bool withBeats)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(node.Host, node.Port);
        var session = new BeatingSession(socket);
        var upgrade = withBeats
            ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Sec-WebSocket-Protocol: morag.session.v1\r\n"
            : "";
        var request = string.Create(
            CultureInfo.InvariantCulture,
            $"GET /api/v1/workers/{worker}/session?instance_id={instance}&session=1 HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\n");
        await socket.SendAsync(Encoding.ASCII.GetBytes(request));
        await session.ExpectAsync(withBeats ? "101" : "200");
        _ = session.ReadAsync();
        return session;
    }

    public async ValueTask BeatAsync() => await socket.SendAsync(Beat);

    public void Dispose() => socket.Dispose();

    private async Task ExpectAsync(string status)
    {
        var filled = 0;
        var head = new byte[4096];
        while (head.AsSpan(0, filled).IndexOf("\r\n\r\n"u8) < 0)
        {
            var read = await socket.ReceiveAsync(head.AsMemory(filled));
            filled += read > 0 ? read : throw new IOException("The node closed the connection");
        }

        var answer = Encoding.ASCII.GetString(head, 0, filled);
        if (answer.Substring(9, 3) != status)
        {
            throw new InvalidOperationException($"The node answered: {answer}");
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory()) is > 0 and var read)
            {
                Interlocked.Add(ref received, read);
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // The benchmark is over.
        }
    }
}
