using System.Net;
using System.Net.WebSockets;

namespace Morag.Failover.Client.Connection;

/// <summary>The body of a response that is read as it arrives, or a WebSocket.</summary>
/// <param name="response">The response, whose body was not read.</param>
/// <param name="use">Keeps the connection open.</param>
internal sealed class NodeStream(HttpResponseMessage response, ChannelUse use) : IDisposable
{
    /// <summary>Cancelled when the node fails, as another call found out.</summary>
    public CancellationToken Abandoned => use.Abandoned;

    /// <summary>Whether the node has switched to a WebSocket.</summary>
    public bool IsSocket => response.StatusCode == HttpStatusCode.SwitchingProtocols;

    public Task<Stream> ReadAsync(CancellationToken cancellation) => response.Content.ReadAsStreamAsync(cancellation);

    /// <summary>The WebSocket, if the request asked for it with <paramref name="upgrade"/> and the node has switched.</summary>
    /// <exception cref="IOException">The answer is not one to the request.</exception>
    public async Task<WebSocket> SocketAsync(SocketUpgrade upgrade, CancellationToken cancellation)
    {
        upgrade.Check(response);
        var stream = await ReadAsync(cancellation);
        return WebSocket.CreateFromStream(stream, new WebSocketCreationOptions
        {
            IsServer = false,
            SubProtocol = upgrade.Protocol,
            KeepAliveInterval = Timeout.InfiniteTimeSpan,
        });
    }

    public void Dispose()
    {
        response.Dispose();
        use.Dispose();
    }
}
