using Microsoft.AspNetCore.Server.Kestrel.Core;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Http;

/// <summary>
/// What a connection of the HTTP API may send before its call is authenticated, and how slow a client may be. The sizes of bodies are in
/// <see cref="CallLimits"/>.
/// </summary>
internal static class HttpLimits
{
    /// <summary>The longest request line, and with it the longest URL.</summary>
    public const int MaxRequestLineBytes = 8 * 1024;

    /// <summary>The most bytes of all headers of a call.</summary>
    public const int MaxHeadersBytes = 32 * 1024;

    /// <summary>The most headers of a call.</summary>
    public const int MaxHeaders = 100;

    /// <summary>The lowest rate, in bytes per second, at which a client must send a body and read an answer.</summary>
    public const int MinBytesPerSecond = 1024;

    /// <summary>How long the headers of a call may take.</summary>
    public static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long a client may be slower than <see cref="MinBytesPerSecond"/>.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The most bytes that are written to a stream at once. The web server buffers up to 64 KiB before it makes a writer wait, so the
    /// reader must accept <see cref="StreamStallBytes"/> before the next piece is written.
    /// </summary>
    public const int StreamPieceBytes = 32 * 1024;

    /// <summary>What a reader must accept within <see cref="StreamStall"/>: the buffer of the web server and one piece.</summary>
    public const int StreamStallBytes = (64 * 1024) + StreamPieceBytes;

    /// <summary>
    /// The time in which the reader of a stream must accept <see cref="StreamStallBytes"/> while events wait: the rate of all readers. For
    /// streams, the rate of the web server does not suffice: it allows more time the more bytes wait.
    /// </summary>
    public static readonly TimeSpan StreamStall = TimeSpan.FromSeconds(StreamStallBytes / MinBytesPerSecond);

    /// <summary>How long a connection stays open without a call.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(130);

    /// <summary>The most frames per second that a worker may send in its session, in the long run. A beat is a frame.</summary>
    public const int MaxFramesPerSecond = 20;

    /// <summary>The most frames that may arrive at once, such as after a freeze of this node.</summary>
    public const int FrameBurst = 200;

    /// <summary>The most bytes per second that a worker may send in its session in the long run, whatever its frames are.</summary>
    public const int MaxSessionBytesPerSecond = MaxFramesPerSecond * 16;

    /// <summary>The most bytes that may arrive at once. The end of a flood is read, so that the reason to close arrives.</summary>
    public const int SessionByteBurst = 256 * 1024;

    /// <summary>
    /// After how much time without a frame to a worker this node writes to its session, so that a dead connection is noticed.
    /// </summary>
    public static readonly TimeSpan SocketKeepAlive = TimeSpan.FromSeconds(10);

    /// <summary>How long a worker may take to confirm that its session is closed.</summary>
    public static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    // The calls check their own limits first, and say which one was exceeded. The web server then reads a refused body to its end, so that
    // the client gets the answer; above this it breaks the connection instead.
    private const int BodyMargin = 24 * 1024 * 1024;

    /// <summary>Applies the limits to the web server.</summary>
    public static void ApplyTo(KestrelServerOptions kestrel, HttpApiSettings settings)
    {
        var limits = kestrel.Limits;
        limits.MaxRequestLineSize = MaxRequestLineBytes;
        limits.MaxRequestHeadersTotalSize = MaxHeadersBytes;
        limits.MaxRequestHeaderCount = MaxHeaders;
        limits.MaxRequestBodySize = CallLimits.MaxPayloadBodyBytes + BodyMargin;
        limits.RequestHeadersTimeout = HeadersTimeout;
        limits.KeepAliveTimeout = IdleTimeout;
        limits.MinRequestBodyDataRate = new MinDataRate(MinBytesPerSecond, Grace);
        limits.MinResponseDataRate = new MinDataRate(MinBytesPerSecond, Grace);
        limits.MaxConcurrentConnections = settings.MaxConnections;

        // The web server does not count a connection as one of those once it is a WebSocket.
        limits.MaxConcurrentUpgradedConnections = settings.MaxConnections;

        // Over HTTP/2 one connection can carry a hundred calls and reset them at once, so the limits for connections would not bound the
        // calls. Neither morag nor the .NET client uses it, and proxies speak HTTP/1.1 to the servers behind them.
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
    }
}
