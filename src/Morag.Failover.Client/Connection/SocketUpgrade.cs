using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Morag.Failover.Client.Connection;

/// <summary>
/// The request to turn a GET into a WebSocket (RFC 6455, section 4). A node that does not know it, or a proxy that does not pass it on,
/// answers the GET as such.
/// </summary>
internal sealed class SocketUpgrade(string protocol)
{
    private const string Guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private readonly string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));

    public string Protocol => protocol;

    /// <summary>Adds the request for a WebSocket.</summary>
    public HttpRequestMessage AddTo(HttpRequestMessage request)
    {
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.ParseAdd("websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", key);
        request.Headers.Add("Sec-WebSocket-Protocol", protocol);
        return request;
    }

    /// <summary>Checks that the answer is one to this request, and not one that something in between has kept.</summary>
    /// <exception cref="IOException">It is not.</exception>
    [SuppressMessage("Security", "CA5350", Justification = "RFC 6455 demands SHA-1 here; it protects nothing")]
    public void Check(HttpResponseMessage response)
    {
        var expected = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Guid)));
        if (!Has(response, "Sec-WebSocket-Accept", expected) || !Has(response, "Sec-WebSocket-Protocol", protocol))
        {
            throw new IOException("the node's answer to the request for a WebSocket is not one to this request");
        }
    }

    private static bool Has(HttpResponseMessage response, string header, string value) =>
        response.Headers.TryGetValues(header, out var values) && values.Contains(value, StringComparer.Ordinal);
}
