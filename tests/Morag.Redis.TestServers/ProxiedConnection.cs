using System.Net;
using System.Net.Sockets;

namespace Morag.Redis.TestServers;

/// <summary>One connection through a <see cref="RedisProxy"/>.</summary>
internal sealed class ProxiedConnection(RedisProxy proxy, Socket client, EndPoint server)
{
    private const int BufferSize = 1 << 16;

    private readonly Socket upstream = server.AddressFamily == AddressFamily.Unix
        ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RedisProxy.ArmedFault? cutAtReply;
    private byte[] heldBack = [];
    private volatile bool swallows;

    public void Start()
    {
        client.NoDelay = true;
        _ = RunAsync();
    }

    public void Close()
    {
        client.Dispose();
        upstream.Dispose();
    }

    public async Task ReleaseAsync()
    {
        if (heldBack.Length > 0)
        {
            await upstream.SendAsync(heldBack);
            await released.Task;
        }
    }

    private async Task RunAsync()
    {
        try
        {
            await upstream.ConnectAsync(server);
            var (requests, replies) = (ForwardRequestsAsync(), ForwardRepliesAsync());
            await await Task.WhenAny(requests, replies);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // If one end is gone, the other is closed, except for a server that is still to receive a held-back request.
            client.Dispose();
            if (heldBack.Length == 0)
            {
                upstream.Dispose();
            }
        }
    }

    private async Task ForwardRequestsAsync()
    {
        var buffer = new byte[BufferSize];
        while (true)
        {
            var read = await ReceiveAsync(client, buffer);
            await proxy.AwaitOpenAsync();
            var request = buffer.AsMemory(0, read);
            if (proxy.MatchFault(request.Span) is not { } armed)
            {
                await upstream.SendAsync(request);
                continue;
            }

            switch (armed.Fault)
            {
                case ProxyFault.CutBefore:
                    Close();
                    break;
                case ProxyFault.CutWithin:
                    await upstream.SendAsync(request[..^8]);
                    Close();
                    break;
                case ProxyFault.CutAfter:
                    cutAtReply = armed;
                    await upstream.SendAsync(request);
                    continue;
                case ProxyFault.SwallowReplies:
                    swallows = true;
                    await upstream.SendAsync(request);
                    break;
                case ProxyFault.HoldBack:
                    heldBack = request.ToArray();
                    client.Dispose();
                    break;
            }

            armed.Injected.SetResult();
        }
    }

    private async Task ForwardRepliesAsync()
    {
        var buffer = new byte[BufferSize];
        while (true)
        {
            var read = await ReceiveAsync(upstream, buffer);
            await proxy.AwaitRepliesOpenAsync();
            if (heldBack.Length > 0)
            {
                released.SetResult();
                upstream.Dispose();
            }

            if (cutAtReply is { } armed)
            {
                Close();
                armed.Injected.SetResult();
            }

            if (!swallows)
            {
                await client.SendAsync(buffer.AsMemory(0, read));
            }
        }
    }

    /// <summary>Receives at least one byte. The end of the connection is an error.</summary>
    private static async Task<int> ReceiveAsync(Socket socket, byte[] buffer)
    {
        var read = await socket.ReceiveAsync(buffer);
        return read > 0 ? read : throw new SocketException((int)SocketError.ConnectionReset);
    }
}
