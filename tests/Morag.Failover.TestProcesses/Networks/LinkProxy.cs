using System.Net;
using System.Net.Sockets;

namespace Morag.Failover.TestProcesses.Networks;

/// <summary>A TCP proxy whose two directions can be cut and slowed down, where network namespaces cannot be made or cannot do it.</summary>
public sealed class LinkProxy : IAsyncDisposable
{
    private const int Backlog = 128;

    private readonly CancellationTokenSource stopping = new();
    private readonly Socket listener;
    private readonly Func<Socket> createUpstream;
    private readonly EndPoint server;
    private readonly Func<Socket, (LinkDirection There, LinkDirection Back)> linkOf;
    private readonly Task accepting;

    private LinkProxy(
        Socket listener, Func<Socket> createUpstream, EndPoint server, Func<Socket, (LinkDirection There, LinkDirection Back)> linkOf)
    {
        this.listener = listener;
        this.createUpstream = createUpstream;
        this.server = server;
        this.linkOf = linkOf;
        listener.Listen(Backlog);
        accepting = AcceptAsync();
    }

    /// <summary>Starts a proxy on 127.0.0.1.</summary>
    /// <param name="port">The port on which it listens.</param>
    /// <param name="server">The port of the server on 127.0.0.1.</param>
    /// <param name="linkOf">The link of a new connection, by the socket of the client: to the server, and back.</param>
    public static LinkProxy Start(int port, int server, Func<Socket, (LinkDirection There, LinkDirection Back)> linkOf)
    {
        var listener = CreateSocket();
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return new LinkProxy(listener, CreateSocket, new IPEndPoint(IPAddress.Loopback, server), linkOf);
    }

    /// <summary>Starts a proxy on a host of a test network.</summary>
    /// <param name="host">The host.</param>
    /// <param name="port">The port on which it listens, on the address of the host.</param>
    /// <param name="server">The port of the server on the same address.</param>
    /// <param name="linkOf">The link of a new connection, by the socket of the client: to the server, and back.</param>
    public static LinkProxy Start(NetworkHost host, int port, int server, Func<Socket, (LinkDirection There, LinkDirection Back)> linkOf)
    {
        var address = IPAddress.Parse(host.Address);
        var listener = host.CreateSocket();
        listener.Bind(new IPEndPoint(address, port));
        return new LinkProxy(listener, host.CreateSocket, new IPEndPoint(address, server), linkOf);
    }

    /// <summary>Breaks all connections, and accepts no more.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await accepting;
        stopping.Dispose();
    }

    private static Socket CreateSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptAsync(stopping.Token);
                connections.RemoveAll(connection => connection.IsCompleted);
                connections.Add(ForwardAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            listener.Dispose();
        }

        await Task.WhenAll(connections);
    }

    private async Task ForwardAsync(Socket client)
    {
        using var upstream = createUpstream();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        try
        {
            client.NoDelay = true;

            // If one end is gone, the other one is reset, as the kernel of a killed process does.
            client.LingerState = new LingerOption(enable: true, 0);
            upstream.LingerState = new LingerOption(enable: true, 0);
            var (there, back) = linkOf(client);
            await upstream.ConnectAsync(server, ended.Token);
            Task[] copies = [CopyAsync(client, upstream, there, ended.Token), CopyAsync(upstream, client, back, ended.Token)];
            await await Task.WhenAny(copies);
            await ended.CancelAsync();
            await Task.WhenAll(copies);
        }
        catch (Exception gone) when (gone is SocketException or OperationCanceledException)
        {
            await ended.CancelAsync();
        }
        finally
        {
            client.Dispose();
        }
    }

    private static async Task CopyAsync(Socket from, Socket to, LinkDirection direction, CancellationToken stop)
    {
        var buffer = new byte[1 << 16];
        for (int read; (read = await from.ReceiveAsync(buffer, stop)) > 0;)
        {
            await direction.PassAsync(stop);
            for (var sent = 0; sent < read;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), stop);
            }
        }
    }
}
