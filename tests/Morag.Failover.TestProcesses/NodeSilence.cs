using System.Net.Sockets;

namespace Morag.Failover.TestProcesses;

/// <summary>Which exceptions of an HTTP call mean that the node did not answer it, or not with a success.</summary>
public static class NodeSilence
{
    /// <summary>Whether the node did not answer: it does not run, has ended, or is too busy.</summary>
    /// <remarks>
    /// <see cref="SocketsHttpHandler"/> also throws a bare <see cref="SocketException"/> if the node resets a connection at once.
    /// </remarks>
    public static bool Explains(Exception failure) =>
        failure is HttpRequestException or IOException or SocketException or OperationCanceledException;

    /// <summary>Whether the node certainly did not get the call, because there was no connection.</summary>
    public static bool IsBeforeSending(Exception failure) =>
        failure is SocketException or HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError };
}
