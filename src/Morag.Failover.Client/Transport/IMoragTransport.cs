using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client;

/// <summary>
/// Carries messages of the contracts to a cluster, and brings back the replies. Within the time limit of a call, it may send it to several
/// nodes, but one that is not safe to repeat only if no node has carried it out. <see cref="MoragClient"/> and the worker repeat calls that
/// failed. It is thread-safe.
/// </summary>
public interface IMoragTransport : IAsyncDisposable, IDisposable
{
    /// <summary>Its name in traces and metrics, such as <c>http</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Whether <see cref="OpenSessionAsync"/> works. Without sessions, workers learn of lost leases from their heartbeats.
    /// </summary>
    bool HasSessions { get; }

    /// <summary>
    /// Sends a message and returns its reply, of a type that the message documents. The partition of a message is set by the transport.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="timeout">The time limit for the reply, without the wait that the message itself asks for.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="MoragException">The call was refused, or no reply arrived.</exception>
    /// <exception cref="NotSupportedException">The transport does not know the message.</exception>
    Task<IWireMessage> AskAsync(IWireMessage message, TimeSpan timeout, CancellationToken cancellation);

    /// <summary>Opens the session of a worker, and yields its signals until it ends.</summary>
    /// <exception cref="MoragException">The session cannot be opened, or broke.</exception>
    /// <exception cref="NotSupportedException"><see cref="HasSessions"/> is false.</exception>
    IAsyncEnumerable<ISessionSignal> OpenSessionAsync(OpenSession session, CancellationToken cancellation);

    /// <summary>
    /// Opens a stream of live events, and yields a <see cref="LiveGap"/> once it is open, and then the events until it ends.
    /// </summary>
    /// <exception cref="MoragException">The stream cannot be opened, or broke.</exception>
    /// <exception cref="NotSupportedException">The transport cannot carry live events.</exception>
    IAsyncEnumerable<LiveEvent> OpenEventsAsync(CancellationToken cancellation);
}
