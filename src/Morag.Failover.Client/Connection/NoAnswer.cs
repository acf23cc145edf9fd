using System.Net.Sockets;

namespace Morag.Failover.Client.Connection;

/// <summary>Which exceptions of an HTTP call mean that the node did not answer it.</summary>
internal static class NoAnswer
{
    /// <summary>Whether the exception means that no answer arrived, or only a part of one.</summary>
    /// <remarks>
    /// <see cref="SocketsHttpHandler"/> also throws a bare <see cref="SocketException"/>: it reads the peer's address after it has
    /// connected, and the peer may have reset the connection by then. It throws an <see cref="InvalidDataException"/> if a compressed
    /// answer is damaged.
    /// </remarks>
    public static bool Explains(Exception failure) =>
        failure is HttpRequestException or IOException or SocketException or InvalidDataException;

    /// <summary>Whether the node certainly did not get the call, because there was no connection yet.</summary>
    public static bool IsBeforeSending(Exception failure) => failure is SocketException or HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
    };

    /// <summary>
    /// Whether no connection to the node could be opened. Those that are open will bring no answers either, unlike after a failure of the
    /// name service, of a proxy or of TLS.
    /// </summary>
    public static bool IsConnectFailure(Exception failure) =>
        failure is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }
        && failure.InnerException is not SocketException
        {
            SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery,
        };
}
