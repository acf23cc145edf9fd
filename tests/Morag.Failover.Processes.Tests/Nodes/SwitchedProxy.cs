using System.Net;
using System.Net.Sockets;

namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>A port that forwards to one server and later to another, like a name or an address that moves.</summary>
internal sealed class SwitchedProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private readonly List<Socket> open = [];
    private readonly Task accepting;
    private int server;

    public SwitchedProxy(int server)
    {
        this.server = server;
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Breaks all connections, and forwards new ones to this server.</summary>
    public void SwitchTo(int port)
    {
        lock (gate)
        {
            server = port;
            open.ForEach(socket => socket.Dispose());
            open.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        SwitchTo(0);
        listener.Dispose();
        await accepting;
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync(stopping.Token);
                var upstream = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                client.NoDelay = true;
                int port;
                lock (gate)
                {
                    port = server;
                    open.AddRange([client, upstream]);
                }

                _ = ForwardAsync(client, upstream, port);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static async Task ForwardAsync(Socket client, Socket upstream, int port)
    {
        try
        {
            await upstream.ConnectAsync(IPAddress.Loopback, port);
            await await Task.WhenAny(CopyAsync(client, upstream), CopyAsync(upstream, client));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closes the other end too.
        }

        client.Dispose();
        upstream.Dispose();
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[1 << 16];
        for (int read; (read = await from.ReceiveAsync(buffer)) > 0;)
        {
            await to.SendAsync(buffer.AsMemory(0, read));
        }
    }
}
