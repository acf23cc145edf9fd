namespace Morag.Failover.Contracts.Workers;

/// <summary>
/// The frames of a worker's session over a WebSocket. From the worker: binary frames of 1 to <see cref="MaxBeatBytes"/> bytes, each a sign
/// of life. To the worker: the same bytes as the confirmation of each, empty binary frames that mean nothing, and text frames with an
/// event: <c>{"event": …, "data": …}</c>.
/// </summary>
public static class SessionProtocol
{
    /// <summary>Its name in <c>Sec-WebSocket-Protocol</c>.</summary>
    public const string Name = "morag.session.v1";

    /// <summary>The most bytes of a beat.</summary>
    public const int MaxBeatBytes = 8;

    /// <summary>The most bytes of an event.</summary>
    public const int MaxEventBytes = 64 * 1024;
}
